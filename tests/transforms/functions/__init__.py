"""tests/transforms/functions."""
