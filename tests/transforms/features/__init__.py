"""tests/transforms/features."""
