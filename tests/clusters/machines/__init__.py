"""Clusters of this machine, and what they are made of: packages of PyPI, Maven and Go, and processes."""
