"""CSV in tests: read in other ways, guessed, and the texts of its cells."""
