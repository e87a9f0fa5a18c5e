"""The look of all pages.

shown_text.py        text and numbers as they are shown
shown_statistics.py  statistics -> a summary for each column
statistics_data.py   a column's statistics, as scripts draw them
templates/           the pages, their style and their scripts
render_page.py       template, style, scripts and data -> one page
save_page.py         writes a page, over no file that isn't one
"""
