"""Feature kinds: from raw columns to output features, one class each.

base.py             what a kind is
numbers.py          what kinds of numbers have in common
scale.py            numbers as numbers: z_score, min_max, label ...
bucket.py           numbers as buckets
vocabulary.py       tokens as ids, one_hot, multi_hot
hash.py             tokens as hash buckets, and crosses
date_text.py        dates and times read out of text
datetime.py         parts of a date and time
parameters.py       a kind's parameters from the configuration
column_patterns.py  one line of [features] for many columns
registry.py         all kinds, and the [features] table
placeholder.py      statistics made up before there are any
"""
