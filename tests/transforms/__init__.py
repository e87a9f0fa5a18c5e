"""tests/transforms."""
