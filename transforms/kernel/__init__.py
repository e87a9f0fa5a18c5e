"""The compiled kernel, in C: what goes over every byte.

library.py            the library, and its functions' arguments
described_columns.py  columns of numbers and texts, described to it
"""
