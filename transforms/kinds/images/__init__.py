"""Kinds of images.

image.py            images from columns of pixels
encoded_image.py    images from their files
"""
