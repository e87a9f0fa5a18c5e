"""Tests of `shardmill inspect --json`."""
