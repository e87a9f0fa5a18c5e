"""CSV records: where they begin and end in a text.

lexicon.py       the special bytes
lexer.py         where records and cells begin and end
skipped.py       counts of lines, and of those that are no rows
range_scan.py    what a range of a file does to the lexer's state
inflation.py     a limit on what isn't rows in a compressed file
repair_names.py  names for columns that a header leaves out or has twice
"""
