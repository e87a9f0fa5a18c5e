"""Kinds of one number.

numbers.py          the base class of kinds of one number
scale.py            numbers passed through or scaled: z_score, min_max, label ...
bucket.py           numbers as buckets
"""
