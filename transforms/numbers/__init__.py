"""Text of cells to numbers.

number_format.py  how a column writes its numbers
plain_numbers.py  numbers in such a format, spelled as the cast takes them
cast.py           cells' text to numbers of their column's type
refused.py        numbers that a feature can't use
"""
