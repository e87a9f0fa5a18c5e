"""Text of cells to numbers, and what is done with numbers first.

number_format.py  how a column writes its numbers
plain_numbers.py  numbers in such a format, spelled as the cast takes them
iso_times.py      dates and times in ISO 8601
cast.py           cells' text to numbers of their column's type
refused.py        numbers that a feature can't use
pre.py            operations applied to a number before its kind
list_cells.py     lists in cells, of tokens or numbers
"""
