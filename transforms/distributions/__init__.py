"""Facts of a column's whole distribution.

group_moments.py    exact moments of a number by key
yeo_johnson.py      the likeliest power transformation
"""
