"""pipelines/init."""
