"""The configuration file, checked as a whole before any data is read.

paths.py          paths as users give them
toml_lines.py     the lines that keys stand in
table.py          typed access, with messages
input_section.py  [input]
load.py           the whole file
"""
