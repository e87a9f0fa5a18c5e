"""pipelines/console."""
