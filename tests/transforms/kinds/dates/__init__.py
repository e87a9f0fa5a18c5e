"""tests/transforms/kinds/dates."""
