"""`shardmill init`: writes a starter configuration for some data.

toml_text.py        names and values as TOML
column_facts.py     facts about a column, for a comment
date_reason.py      how a column's dates are read
feature_line.py     a line of [features]
bad_rows.py         the allowed share of bad rows, and rows that may be no data
input_lines.py      the section [input]
label_lines.py      comments on labels
choose_features.py  the kind of each column's feature
starter.py          the configuration's text
show_decisions.py   the printed decisions
next_steps.py       the message at the end
init.py             the command
"""
