"""tests/pipelines/doctor."""
