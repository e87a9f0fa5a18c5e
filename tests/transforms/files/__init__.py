"""tests/transforms/files."""
