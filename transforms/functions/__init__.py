"""Users' TensorFlow functions: loaded, traced, and put into a graph.

user_function.py    a function in a user's file
columns.py          converts between dense columns and a function's features
canonical.py        makes a graph's message depend on its content alone
own_texts.py        copies texts for operations that read past them
padding.py          makes a row's bits independent of its batch
traced_function.py  a function's operations put into another graph
domains.py          follows the domains of ids through a traced graph
analyze_domains.py  tells TF Transform the domains of outputs
"""
