"""transforms/rows."""
