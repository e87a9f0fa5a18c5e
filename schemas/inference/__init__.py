"""Types inferred from raw cells.

spelling.py  what raw cells spell: integers, floats, dates, text
distinct.py  how many different strings a column has
infer.py     profiles of columns, and the types decided from them
"""
