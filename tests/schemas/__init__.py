"""tests/schemas."""
