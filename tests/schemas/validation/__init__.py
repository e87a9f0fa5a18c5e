"""Tests of comparisons of statistics."""
