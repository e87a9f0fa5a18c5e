"""Kinds of lists in a cell.

element_rules.py    the rules by which a cell is split into elements
list_kind.py        what kinds of lists have in common
sequence.py         elements as ids or numbers, in their order
weighted.py         elements as ids, and their weights
"""
