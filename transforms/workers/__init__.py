"""Work that every worker does besides its pipeline step.

search_path.py      where Python looks for modules
left_out.py         imports without packages that a library can do without
load_beam.py        imports Beam without those
phases.py           how far the phases of a run are
metrics.py          counters and log lines
submission.py       whether a worker is as the job that was submitted
any_python.py       functions that any Python can unpickle
check_workers.py    CheckWorkers: does a worker fit the job?
quick_bundles.py    Beam's bundles, cheap where workers are threads
merge.py            merges accumulators
several_outputs.py  the base of transforms with several outputs
"""
