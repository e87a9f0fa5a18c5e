"""Feature kinds: from raw columns to features, one class each.

base.py             the base class of kinds
parameters.py       a kind's parameters from the configuration
own_id.py           the id of missing cells
element_rules.py    how a cell is split into the elements of a list

The kinds, by what they take:

  numeric/            a number
  categorical/        tokens, as ids
  dates/              a date and time
  images/             an image, of many pixels
  lists/              a list in a cell
  text/               a text, of many tokens
"""
