"""Comparisons of statistics: with a schema, and with one another.

The kinds of anomalies, and when there is one, are TensorFlow Data Validation's (TFDV's).

column_statistics.py  reads a column's statistics
reasons.py            what is wrong with a column
schema_terms.py       environments, deprecated columns, names
schema_mistakes.py    a schema that contradicts itself
presence.py           presence, numbers of values, distinct values, types
time_domains.py       dates and times that aren't as their domain says
value_domains.py      texts, integers, floats and booleans outside their domains
distances.py          distances of distributions
comparators.py        drift and skew
find_anomalies.py     the `Anomalies` of a dataset
"""
