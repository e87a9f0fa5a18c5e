"""tests/pipelines/init."""
