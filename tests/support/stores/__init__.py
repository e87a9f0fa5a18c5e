"""Stores for tests: servers of their protocols, with a log of the requests and faults on demand, and files that only look remote."""
