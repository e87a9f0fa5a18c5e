"""transforms/graph."""
