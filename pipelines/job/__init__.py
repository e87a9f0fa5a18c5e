"""The main job: from a configuration to a pipeline.

input_files.py       the files that patterns name
check_delimiter.py   the delimiter held against the header
infer_schema.py      schema inference as a job of its own
column_types.py      the raw columns and their types
preflight.py         all mistakes, before Beam is loaded
row_limits.py        whether a job may go on with the rows that it found
graph_sources.py     where a job's graph comes from
job.py               all that the pipeline needs to know
stages.py            the pipeline's stages
plan_features.py     plans what is made of the rows
plan.py              plans the whole job
function_failure.py  why a user's function failed
"""
