"""`shardmill verify`: checks a run against manifest, input and graph.

recorded.py     checks that need no graph
relocate.py     finds an input that has moved
served.py       features made again as they are served
rederive.py     rows recomputed from the input
regroup.py      groups of rows recomputed
compare.py      compares shards with recomputed records
differences.py  describes the first difference
verify.py       the command
"""
