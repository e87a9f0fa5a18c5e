"""Tests of `shardmill diff`."""
