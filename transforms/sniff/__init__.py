"""Guesses how CSV files are spelled, for `shardmill init`.

sniff.py             the dialect, guess by guess
decision.py          a choice, and what in the data speaks for it
guess_encoding.py    the encoding
odd_words.py         words that text in a wrong encoding has
readings.py          text that isn't UTF-8, as other encodings read it
choose_reading.py    the likeliest of these, or an error that asks
suggest_encoding.py  the same for rejected rows
guess_cells.py       delimiter, quote, escape, and padding of cells
guess_top.py         comment lines, and the lines above the header
guess_columns.py     columns of rows that have other cells than their header
guess_header.py      does the first record name the columns?
guess_nulls.py       spellings of missing cells
"""
