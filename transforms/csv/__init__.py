"""transforms/csv."""
