"""Declared features: from the [features] table to kinds.

column_patterns.py  one line of [features] for many columns
placeholder.py      made-up statistics, before there are real ones
registry.py         all kinds, and the [features] table
"""
