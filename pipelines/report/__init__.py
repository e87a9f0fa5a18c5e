"""`shardmill report`: one page that shows a run.

shown_statistics.py    statistics files -> a summary for each column
sample/                findings that need rows: a bounded sample
column_entries.py      raw columns, each with the features made of it
split_distances.py     distances between splits
warnings_by_weight.py  the warnings, the gravest first
rejected_samples.py    samples of rejected rows, by reason
clock_metrics.py       the times of a run among its metrics
shown_text.py          text and numbers as they are shown
page_facts.py          the facts of the first screen
page_data.py           the data that the script draws
templates/             the page, its style and its script
render_page.py         template, style, script and data -> one page
report_page.py         all of it, for a run
make_report.py         `shardmill report`
write_report.py        report.html in a folder that is about to be published
"""
