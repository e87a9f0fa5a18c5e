"""Real clusters for tests and for a developer's machine, from packages of PyPI, Maven and Go; no container engine is needed."""
