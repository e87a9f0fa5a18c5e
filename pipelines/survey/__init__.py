"""A look at data, on which a starter configuration is built.

starter_request.py  labels, split and settings of the command line
decimal_comma.py    columns of numbers with a decimal comma
identifiers.py      identifiers, codes and row numbers
second_look.py      what profiles leave open
survey.py           the look
"""
