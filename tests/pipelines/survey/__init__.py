"""tests/pipelines/survey."""
