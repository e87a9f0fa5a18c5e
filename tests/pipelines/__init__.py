"""tests/pipelines."""
