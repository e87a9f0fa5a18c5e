"""Tests of `shardmill validate`."""
