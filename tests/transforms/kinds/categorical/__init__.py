"""tests/transforms/kinds/categorical."""
