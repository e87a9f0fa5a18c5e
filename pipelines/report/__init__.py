"""`shardmill report`: the page of a run or of files.

sample/                findings that need rows: a bounded sample
column_entries.py      raw columns, each with the features made of it
learned_numbers.py     the numbers that a kind learned
split_distances.py     distances between splits
column_warnings.py     warnings of a column as it was read
warnings_by_weight.py  the warnings of a run, the gravest first
rejected_samples.py    samples of rejected rows, by reason
clock_metrics.py       the times of a run among its metrics
page_facts.py          the facts of the first screen
page_data.py           the data that the script draws
report_page.py         all of it, for a run
make_report.py         `shardmill report RUN_DIR`
write_report.py        report.html in a folder that is about to be published
raw/                   `shardmill report FILES`: files before any run
"""
