"""pipelines/run_folder."""
