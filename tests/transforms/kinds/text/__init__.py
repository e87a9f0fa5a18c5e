"""tests/transforms/kinds/text."""
