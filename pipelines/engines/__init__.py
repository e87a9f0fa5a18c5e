"""pipelines/engines."""
