"""tests/transforms/filtering."""
