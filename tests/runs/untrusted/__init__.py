"""tests/runs/untrusted."""
