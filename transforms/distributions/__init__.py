"""Facts of whole distributions, of one column or two.

distribution.py          bins of values, and their histograms
column_bins.py           the same of several columns, while rows are read
group_moments.py         exact moments of a number by key
joint_tokens.py          tokens joined with another fact of their rows
expected_information.py  how much tokens tell of a label by chance
mutual_information.py    how much tokens tell of a label
target_means.py          means of a number by token, without one fold
yeo_johnson.py           the likeliest power transformation
"""
