"""The configuration file, checked before any data is read.

paths.py             paths as users give them
toml_lines.py        the lines of keys
table.py             typed access, with messages
number_settings.py   formats of numbers in [input.columns.NAME]
input_section.py     [input] and [validate]
row_settings.py      [rows] dedup, downsample
rows_section.py      [rows]
split_section.py     [split]
grouped_sections.py  [sequence] and [window]
check_grouped.py     both of these against columns and features
output_section.py    [output]
fold_key.py          the key by which rows share a fold
load.py              the whole file
"""
