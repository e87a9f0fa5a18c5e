"""tests/transforms/numbers."""
