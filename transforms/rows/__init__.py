"""Where each row goes; none is lost.

counts.py    rows per unit and split; rejected rows by reason
splits.py    the split and the shard of a row
row_plan.py  where each unit's rows lie in their splits
"""
