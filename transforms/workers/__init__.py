"""transforms/workers."""
