"""Rows that are left out on purpose, and counted.

condition.py         conditions on rows, evaluated
condition_parser.py  the text of conditions
downsample.py        fewer rows of some values, with weights
row_filter.py        all that leaves rows out
"""
