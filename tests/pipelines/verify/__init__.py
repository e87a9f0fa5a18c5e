"""tests/pipelines/verify."""
