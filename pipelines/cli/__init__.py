"""The command line: one command with subcommands.

commands.py         the subcommands
comparing.py        two of them, `validate` and `diff`
showing.py          two more, `inspect` and `report`
readable.py         whether Python's own files may be read
options.py          options that several commands have
engine_options.py   the engine that the options choose, and its result
examples.py         the examples at the end of each page of help
help.py             the layout of the help
dry_run.py          `--dry-run`: what a run would read and write
failure_reports.py  prints failures
"""
