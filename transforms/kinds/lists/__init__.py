"""Kinds of lists in a cell.

list_kind.py  what kinds of lists have in common
sequence.py   elements as ids or numbers, in their order
weighted.py   elements as ids, and their weights
"""
