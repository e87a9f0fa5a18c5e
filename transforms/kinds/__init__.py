"""The feature kinds: from raw columns to output features, one class each."""
