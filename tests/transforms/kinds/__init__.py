"""tests/transforms/kinds."""
