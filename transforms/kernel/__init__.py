"""The compiled kernel, in C: what goes over every byte.

library.py            the library, and its functions' arguments
source_digest.py      which sources it was compiled from
described_columns.py  columns of numbers and texts, described to it
"""
