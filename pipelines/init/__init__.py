"""`shardmill init`: writes a starter configuration for some data.

starter_request.py  labels, split and settings of the command line
decimal_comma.py    columns of numbers with a decimal comma
starter.py          the configuration's text
next_steps.py       the message at the end
init.py             the command
"""
