"""The columnar nouns (CSV blocks, moments, vocabularies, kinds, Examples) and the Beam verbs (read, analyze, transform, write)."""
