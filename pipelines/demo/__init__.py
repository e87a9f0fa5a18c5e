"""`shardmill demo`: the main job on real data.

flights.toml  its configuration
demo.py       the command
"""
