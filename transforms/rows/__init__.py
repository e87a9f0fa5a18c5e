"""Where each row goes; none is lost.

counts.py            rows per unit and split; rejected rows by reason, and their limit
ragged.py            rows that differ from their header all in one way
doubtful_rows.py     rows that may be no data
type_tallies.py      counts of cells by spelling, which decide the columns' types
renamings.py         columns that were renamed because of their headers
stratum_key.py       rows split evenly within each value of a column
time_key.py          the time of a row, which may decide its split
splits.py            the split and the shard of a row
folds.py             the folds of training rows
unit_groups.py       units that are transformed together
row_plan.py          where each unit's rows lie in their splits
"""
