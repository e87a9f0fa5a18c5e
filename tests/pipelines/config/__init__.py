"""tests/pipelines/config."""
