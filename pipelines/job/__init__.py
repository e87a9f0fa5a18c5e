"""pipelines/job."""
