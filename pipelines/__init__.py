"""The jobs, their configuration and the command line."""
