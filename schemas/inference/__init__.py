"""Types inferred from raw cells.

whole_numbers.py  integers spelled with a point or an exponent
date_formats.py   formats of dates and times, and the cells that fit them
named_dates.py    cells that may be dates beginning with a month or weekday
spelling.py       counts of cells by spelling: integers, floats, dates, text
distinct.py       the number of distinct strings in a column
infer.py          profiles of columns, and the types decided from them
"""
