"""`shardmill report`: one page that shows a run.

column_statistics.py    statistics files -> a summary for each column
shard_sample.py         a bounded sample of rows, from the shards
label_relation.py       how features relate to the label, in the sample
vocabulary_coverage.py  how much of the data vocabularies cover, in the sample
column_entries.py       raw columns, each with the features made of it
split_distances.py      distances between splits
warnings_by_weight.py   the warnings, the gravest first
rejected_samples.py     samples of rejected rows, by reason
shown_text.py           text and numbers as they are shown
page_facts.py           the facts of the first screen
page_data.py            the data that the script draws
render_page.py          template, style, script and data -> one page
write_report.py         all of it, for a run
"""
