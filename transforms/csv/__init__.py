"""CSV: from bytes to text to records to cells to typed blocks.

dialect.py     how files spell their records
sniff.py       guesses the dialect, for `shardmill init`
lexer.py       where records begin and end
range_scan.py  what a range of a file does to the lexer's state
units.py       files cut into units at record boundaries
held.py        a unit's bytes held against an earlier pass
text.py        a file's bytes as UTF-8 text
inflation.py   what a compressed file may hold beside its rows
chunks.py      text cut at record boundaries into bounded chunks
header.py      column names, and how they meet the schema's
cells.py       a chunk's records as columns of text
cast.py        cells' text to numbers
blocks.py      rows as typed Arrow columns, and rejected rows
"""
