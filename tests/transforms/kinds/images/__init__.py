"""tests/transforms/kinds/images."""
