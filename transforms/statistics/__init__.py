"""transforms/statistics."""
