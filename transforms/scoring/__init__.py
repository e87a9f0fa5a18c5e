"""Beginnings of files, and how well a dialect fits them.

samples.py      beginnings of files, decoded
cut_records.py  texts cut into records and cells as the reader does
cell_types.py   numbers, dates, times and truth values among cells
odd_layouts.py  lines or columns of quoted text, lines aligned by spaces
score.py        the share of lines that fit, and of cells that show values
"""
