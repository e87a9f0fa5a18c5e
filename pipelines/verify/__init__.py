"""`shardmill verify`: a run held against its manifest, input and graph.

recorded.py     checks that need no graph
relocate.py     where the input is now
rederive.py     rows recomputed from the input
compare.py      shards held against recomputed records
differences.py  words the first difference
verify.py       the command
"""
