"""Feature kinds: from raw columns to features, one class each.

base.py             the base class of kinds
numbers.py          the base class of kinds of one number
scale.py            numbers passed through or scaled: z_score, min_max, label ...
bucket.py           numbers as buckets
given_file.py       vocabulary files that are given
vocabulary.py       tokens as ids, one_hot, multi_hot
hash.py             tokens as hash buckets, and crosses
date_text.py        dates and times parsed from text
datetime.py         parts of a date and time
parameters.py       a kind's parameters from the configuration
column_patterns.py  one line of [features] for many columns
registry.py         all kinds, and the [features] table
placeholder.py      made-up statistics, before there are real ones
"""
