"""Work that every worker does besides its pipeline step.

search_path.py      where Python looks for modules
phases.py           how far the phases of a run are
metrics.py          counters and log lines
merge.py            merges accumulators
several_outputs.py  the base of transforms with several outputs
"""
