"""tests/transforms/kernel."""
