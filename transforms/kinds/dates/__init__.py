"""Kinds of dates and times.

date_text.py        dates and times parsed from text
datetime.py         parts of a date and time
"""
