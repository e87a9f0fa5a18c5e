"""`shardmill init`: writes a starter configuration for some data.

starter_request.py  labels, split and settings of the command line
starter.py          the configuration's text
next_steps.py       the message at the end
init.py             the command
"""
