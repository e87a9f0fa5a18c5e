"""tests/pipelines/inspect."""
