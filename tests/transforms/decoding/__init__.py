"""tests/transforms/decoding."""
