"""tests/pipelines/engines."""
