"""pipelines/config."""
