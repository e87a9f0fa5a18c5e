"""Users' TensorFlow functions: loaded, traced, put into a graph.

user_function.py    a function by its file
columns.py          between dense columns and a function's features
canonical.py        a graph's message made to depend on its content alone
padding.py          a row's bits made independent of its batch
traced_function.py  a function's operations put into another graph
domains.py          follows ids through a traced graph
analyze_domains.py  tells TF Transform the domains of outputs
"""
