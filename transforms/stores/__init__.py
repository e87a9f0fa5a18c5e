"""transforms/stores."""
