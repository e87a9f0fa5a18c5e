"""transforms/functions."""
