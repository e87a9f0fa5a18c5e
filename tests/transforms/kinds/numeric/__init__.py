"""tests/transforms/kinds/numeric."""
