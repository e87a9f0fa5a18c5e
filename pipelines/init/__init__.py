"""`shardmill init`: a starter configuration from a look at the data.

starter_request.py  labels, split and settings asked for
starter.py          the configuration's text
next_steps.py       what is printed at the end
init.py             the command
"""
