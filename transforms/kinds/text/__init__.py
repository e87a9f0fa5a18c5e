"""Kinds of text, which becomes many tokens.

token_rules.py      the rules by which a text is split into tokens
made_kind.py        what kinds of such tokens have in common
token_ids.py        tokens as ids, in their order
characters.py       characters as ids, in their order
pairs.py            pairs of tokens that are near each other
bag_of_words.py     how often each token is in a text, and tf_idf
"""
