"""The Dockerfile, built and run without a container engine: `python -m tests.image`."""
