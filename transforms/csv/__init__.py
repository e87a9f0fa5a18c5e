"""CSV parsing: text to cells and typed blocks.

dialect.py          the settings by which files are parsed; delimiters in use
units.py            files cut into units at record boundaries
held.py             a unit's bytes compared with an earlier pass's
chunks.py           text cut at record boundaries into bounded chunks
header.py           column names, matched with the schema's
cell_columns.py     cells to typed Arrow columns, by the kernel
cell_spellings.py   cells counted by their spelling, by the kernel
cells.py            the columns and the texts that a selection wants
selection.py        the columns to read, and the split key
record_faults.py    records that are bad whatever columns are read
rejects.py          rejected rows and their lines; who rejects says why
repeated_header.py  rows that repeat their file's header
blocks.py           rows as typed Arrow columns, and rejected rows
"""
