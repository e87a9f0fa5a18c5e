"""transforms/runtime."""
