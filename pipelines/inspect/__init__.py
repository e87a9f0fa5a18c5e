"""`shardmill inspect`: what a path holds; `--code`: Python for a run.

file_kinds.py     what a file is
fetch.py          a remote path as a local copy
file_tables.py    files beside a run's shards
run_tables.py     the parts of a run's folder
inspect.py        the command
code_facts.py     what the code for a run depends on
code_features.py  its lines for features
code_lines.py     its lines for labels
code_training.py  its parts that train and export
code_template.py  fills the templates
code.py           the whole script
templates/        what doesn't differ from run to run
"""
