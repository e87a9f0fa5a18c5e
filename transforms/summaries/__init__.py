"""Statistics files of runs, in TFDV's format.

row_lengths.py        the numbers of values in rows
numeric_summary.py    summaries of numeric columns
output_texts.py       values of text features
output_statistics.py  statistics of every output feature, by split
stats_file.py         statistics files
"""
