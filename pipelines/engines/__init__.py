"""Engines: what runs a pipeline, chosen by one option.

processes.py         cores
engine.py            an engine: name and Beam's options
endpoints.py         checks that an address answers
dataflow.py          Dataflow's options, checked
choose.py            `--engine` and `--runner` -> an engine
check_options.py     checks Beam's options for typos
beam_options.py      Beam's options object
job_server.py        the job server that Beam starts
ready.py             checks that an engine can be reached
run_pipeline.py      builds a pipeline, runs it, waits
failure.py           why an engine failed, in one message
dataflow_failure.py  the same for Dataflow
worker.py            `shardmill-worker`: a worker on a cluster's machine
"""
