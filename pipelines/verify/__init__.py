"""pipelines/verify."""
