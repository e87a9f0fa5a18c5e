"""tests/transforms/csv."""
