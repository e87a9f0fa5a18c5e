"""tests/transforms/distributions."""
