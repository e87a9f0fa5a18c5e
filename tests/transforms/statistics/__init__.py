"""tests/transforms/statistics."""
