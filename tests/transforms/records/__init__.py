"""tests/transforms/records."""
