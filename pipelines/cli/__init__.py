"""pipelines/cli."""
