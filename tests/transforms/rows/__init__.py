"""tests/transforms/rows."""
