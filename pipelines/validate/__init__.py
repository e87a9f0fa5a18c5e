"""`shardmill validate`: the anomalies of new files.

expectations.py    a schema, a run to compare with, and how files are read
column_values.py   a block's cells by the schema's types; those that are of none
measured.py        statistics of files' columns, which merge
value_ranks.py     the most frequent values, of those counted in files
dataset.py         their statistics in TFDV's format
measure.py         one pass over the files
show_anomalies.py  prints anomalies as a table or as JSON
validate.py        the command
before_run.py      the same before a run, as `[validate]` says
"""
