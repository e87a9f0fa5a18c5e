"""Rows that are brought together by key and order.

settings.py         the groups that a configuration wants
row_files.py        rows in files, cut by a hash of their key
group_counts.py     rows and records of groups; dropped rows
partitions.py       one hash partition: its groups, in order
encoding.py         groups -> records and their shards
sequence_schema.py  the schema of such records
"""
