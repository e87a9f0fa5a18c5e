"""A look at data, on which a starter configuration is built.

starter_request.py  labels, split and settings of the command line
sniff_files.py      the dialect, from files' beginnings
number_formats.py   columns of numbers in a notation of their own
number_types.py     what becomes of whole numbers
identifiers.py      identifiers, codes and row numbers
integer_codes.py    integers that are codes rather than amounts
found_lists.py      columns of lists
second_look.py      what profiles leave open
survey.py           the look
"""
