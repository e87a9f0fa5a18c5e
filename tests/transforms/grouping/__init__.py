"""tests/transforms/grouping."""
