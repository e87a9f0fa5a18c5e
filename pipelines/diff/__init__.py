"""`shardmill diff`: the differences of two runs.

run_facts.py           facts of a run, read from its folder
flat_settings.py       settings by dotted keys, and how two sets of them differ
token_changes.py       two vocabularies' tokens: in, out, moved
statistics_changes.py  two runs' statistics, with distances
changed_since.py       a finished run, compared with the present configuration and input
compare_runs.py        all differences
show_changes.py        prints them as tables or as JSON
diff_page.py           shows them as a page
"""
