"""Findings that need rows: those of a bounded sample.

shard_sample.py         a bounded sample of rows, from the shards
label_relation.py       how features relate to the label, in the sample
vocabulary_coverage.py  how much of the data vocabularies cover, in the sample
"""
