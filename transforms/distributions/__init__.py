"""Facts of a column's whole distribution.

yeo_johnson.py      the likeliest power transformation
"""
