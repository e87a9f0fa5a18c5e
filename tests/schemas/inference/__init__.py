"""Tests of schema inference."""
