"""`shardmill inspect --json`: what a path holds, for programs.

describe_path.py  a run, or a file of any kind, as plain data
"""
