"""tests/transforms/verbs."""
