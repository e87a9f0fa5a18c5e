"""tests/pipelines/job."""
