"""`shardmill doctor`: checks this machine and an engine's connection.

machine.py     this machine
connection.py  the connection to an engine
"""
