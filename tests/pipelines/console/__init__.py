"""tests/pipelines/console."""
