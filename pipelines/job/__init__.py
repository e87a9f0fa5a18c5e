"""The main job: from a configuration to a pipeline.

input_files.py       the files that patterns match
check_delimiter.py   compares the delimiter with the header
infer_schema.py      schema inference as a job of its own
column_types.py      the raw columns and their types
preflight.py         all mistakes, before Beam is loaded
graph_sources.py     the sources of a job's graph
job.py               all that the pipeline needs
stages.py            the pipeline's stages
prepare_features.py  prepares the features: traces functions
plan.py              plans the job
interruption.py      cleans up after a run that a signal ends
run_job.py           runs a planned job, and publishes the run
function_failure.py  why a user's function failed
"""
