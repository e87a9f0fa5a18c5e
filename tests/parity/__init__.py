"""tests/parity."""
