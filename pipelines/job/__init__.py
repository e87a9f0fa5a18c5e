"""The main job: from a configuration to a pipeline.

input_files.py       the files that patterns name
check_delimiter.py   the delimiter held against the header
infer_schema.py      schema inference as a job of its own
column_types.py      the raw columns and their types
preflight.py         all mistakes, before Beam is loaded
graph_sources.py     where a job's graph comes from
job.py               all that the pipeline needs to know
stages.py            the pipeline's stages
plan_features.py     plans what is made of the rows
plan.py              plans the whole job
interruption.py      ends a run at a signal by way of its clean-up
run_job.py           runs a planned job, and publishes what it made
function_failure.py  why a user's function failed
"""
