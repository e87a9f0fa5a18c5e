"""Kinds of images.

image.py            images from columns of pixels
"""
