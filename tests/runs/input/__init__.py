"""tests/runs/input."""
