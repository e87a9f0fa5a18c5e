"""What is shown while a command works, and at its end.

printable.py      control characters made visible
plain_console.py  a console for text that may be a stranger's
stderr.py         standard error of one thread among many
fitting_table.py  a table that breaks no word and no number
progress.py       progress bars, or lines off a terminal
summary.py        what a finished run says
"""
