"""tests/transforms/repeats."""
