"""Types inferred from raw cells.

whole_numbers.py  integers spelled with a point or an exponent
date_formats.py   formats of dates and times, and the cells that fit them
named_dates.py    cells that may be dates beginning with a month or weekday
spelling.py       counts of cells by spelling: integers, floats, dates, text
distinct.py       the number of distinct strings in a column
type_counts.py    the counts that decide a column's type, and the decision
infer.py          profiles of columns, which `init` shows
name_words.py     the words of columns' names
column_evidence.py  the facts about a column's cells
least_present.py  the least share of cells with a value
number_ranges.py  ranges that are natural for numbers
add_domains.py    presence and domains, from these facts
"""
