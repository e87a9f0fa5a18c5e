"""Runs that take what earlier ones have found."""
