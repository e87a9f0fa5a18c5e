"""Kinds of numbers.

filled.py           the base class of kinds that fill missing numbers
numbers.py          the base class of kinds of one number
scale.py            numbers passed through or scaled: z_score, min_max, label ...
group_scale.py      numbers scaled by key
weight.py           rows' weights
ranks.py            numbers among the column's quantiles
power_transform.py  numbers made normal by a power
bucket.py           numbers as buckets
computed.py         the base class of kinds that compute with columns
expression.py       arithmetic expressions
arithmetic.py       their results
geo.py              the distance between two points
"""
