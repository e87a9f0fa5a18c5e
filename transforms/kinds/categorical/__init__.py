"""Kinds of tokens, which become ids.

given_file.py       vocabulary files that are given
token_mode.py       a column's most frequent token
vocabulary.py       tokens as ids
hot_vectors.py      one_hot, multi_hot
class_label.py      labels that are classes, as ids
count_encoding.py   tokens as how often they are seen
target_mean.py      tokens as a target's mean
hash.py             tokens as hash buckets
cross.py            crosses of several columns
ordinal.py          tokens in a given order
pass_through.py     text unchanged
row_id.py           a row's number, made of its key
"""
