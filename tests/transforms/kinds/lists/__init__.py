"""tests/transforms/kinds/lists."""
