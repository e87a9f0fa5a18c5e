"""What features ask of the data, and accumulators that merge exactly.

requests.py     requests and answers: plain data
pre.py          what may be done to a number first
moments.py      exact count, sum, squares, minimum, maximum
quantiles.py    quantiles, exact while values are few
tokens.py       counts of tokens, and vocabularies of them
partition.py    token counts cut to travel
accumulator.py  all of them in one pass over the rows
stats_file.py   statistics files, in TFDV's format
"""
