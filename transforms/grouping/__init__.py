"""Rows that are brought together by key and order.

settings.py         the groups or windows that a configuration wants
row_files.py        rows in files, cut by a hash of their key
group_counts.py     rows and records of groups; dropped rows
forward_fill.py     missing cells from the rows before
sorted_rows.py      rows in order, more than fit into memory
windows.py          groups -> windows
partitions.py       one hash partition: its groups or windows, in order
encoding.py         groups -> records and their shards
window_encoding.py  windows -> records
record_encoder.py   which of the two encodes
sequence_schema.py  the schema of groups
record_schema.py    the schema of groups or windows
"""
