"""Tests, one module each for the modules of the three rooms."""
