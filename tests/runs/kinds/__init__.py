"""Runs whose features are of certain kinds."""
