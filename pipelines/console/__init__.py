"""Terminal output while a command works, and at its end.

printable.py      control characters made visible
plain_console.py  a console for untrusted text
stderr.py         standard error of one thread among many
fitting_table.py  tables that fit a narrow terminal
statistics_table.py  columns' statistics with small histograms
progress.py       progress bars, or lines off a terminal
summary.py        the summary of a finished run
profile_table.py  the times of its phases and steps
"""
