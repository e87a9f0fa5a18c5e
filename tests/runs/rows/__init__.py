"""Runs that divide rows or leave some out."""
