"""tests/pipelines/run_folder."""
