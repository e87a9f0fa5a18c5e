"""Types inferred from raw cells.

whole_numbers.py  integers spelled with a point or an exponent
spelling.py       counts of cells by spelling: integers, floats, dates, text
distinct.py       the number of distinct strings in a column
infer.py          profiles of columns, and the types decided from them
"""
