"""tests/transforms/runtime."""
