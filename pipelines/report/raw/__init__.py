"""`shardmill report FILES`: the page of files before any run.

look_at_files.py  the dialect, guesses, statistics and anomalies of files
raw_entries.py    their columns, with the proposed features
raw_warnings.py   the warnings, the gravest first
raw_page.py       the page of all of it
report_files.py   the command
"""
