"""Dataflow, played by small servers on this machine; the service runs what was staged, and nothing else."""
