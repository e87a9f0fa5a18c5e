"""`shardmill inspect`: shows what a path holds, or prints code.

file_kinds.py     tells what a file is
fetch.py          a remote path as a local copy
file_tables.py    files beside a run's shards
label_table.py    the distribution of numeric labels
class_table.py    the classes of labels
run_tables.py     the parts of a run's folder
inspect.py        the command
code_facts.py     facts of a run that its code depends on
code_features.py  lines of code for features
code_lines.py     lines of code for labels
code_training.py  code that trains and exports
code_template.py  fills the templates
code.py           the whole script
templates/        code that is the same for every run
"""
