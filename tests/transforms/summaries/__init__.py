"""tests/transforms/summaries."""
