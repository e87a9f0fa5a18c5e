"""tests/transforms/graph."""
