"""`shardmill init`: writes a starter configuration for some data.

starter_request.py  labels, split and settings of the command line
decimal_comma.py    columns of numbers with a decimal comma
toml_text.py        names and values as TOML
column_facts.py     facts about a column, for a comment
input_lines.py      the section [input]
label_lines.py      comments on labels
choose_features.py  the section [features]
starter.py          the configuration's text
next_steps.py       the message at the end
init.py             the command
"""
