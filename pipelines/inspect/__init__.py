"""pipelines/inspect."""
