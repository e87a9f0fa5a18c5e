"""tests/transforms/stores."""
