"""pipelines/doctor."""
