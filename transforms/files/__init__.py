"""transforms/files."""
