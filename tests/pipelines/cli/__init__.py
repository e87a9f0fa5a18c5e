"""tests/pipelines/cli."""
