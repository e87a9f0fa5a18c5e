"""Statistics that features ask for, and accumulators that merge exactly.

requests.py          requests and answers: plain data
moments.py           exact count, sum, squares, minimum, maximum
quantiles.py         quantiles of a column, exact while values are few
column_quantiles.py  the same of several columns at once
text_summary.py      counts and lengths of texts
text_values.py       distinct and most frequent texts
tokens.py            tables of token counts, and vocabularies of them
token_counts.py      counts of tokens, in memory
partition.py         token counts cut by a hash of the token
token_files.py       token counts in files
ranking.py           vocabularies ranked in a stream
counted_tokens.py    the tokens of rows that requests have counted
accumulator.py       all of these in one pass over the rows
"""
