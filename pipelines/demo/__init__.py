"""pipelines/demo."""
