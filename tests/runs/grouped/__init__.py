"""Runs whose records are groups of rows."""
