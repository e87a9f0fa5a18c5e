"""What the tests of serving share, and programs in other languages that load a SavedModel."""
