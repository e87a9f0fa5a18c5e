"""`shardmill doctor`: what a machine, and the way to an engine, lack.

machine.py     this machine
connection.py  the way to an engine
"""
