"""Kinds of dates and times.

date_text.py        dates and times parsed from text
date_kind.py        the base class of kinds of dates
datetime.py         parts of a date and time
elapsed.py          the time between two moments
"""
