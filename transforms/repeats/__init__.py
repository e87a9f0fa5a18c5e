"""Keys that several rows have.

repeat_key.py    the key by which rows repeat others, read in a pass of its own
key_files.py     the keys of units in files, cut by a hash
repeat_files.py  the rows of each unit that repeat an earlier one, in files
find_repeats.py  FindRepeats: units -> these files -> units
key_spans.py     keys by the splits that their rows are in
count_spans.py   CountSpans: files of keys -> their counts
"""
