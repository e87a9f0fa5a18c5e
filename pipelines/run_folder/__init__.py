"""A run's folder: its manifest, its publication, and reading it.

manifest_keys.py         the keys of manifest.json
account.py               the account of a run's rows
manifest.py              writes manifest.json
left_folders.py          names of work folders, and those that killed runs left
claim.py                 lets one run at a time publish to a remote folder
published.py             the folders that this process has published
output_folder.py         whether a run may be published in a folder
work_folder.py           the folder that a run writes into
publish.py               the work folder renamed or copied to the output
publish_stage.py         the same as the pipeline's last stage
finished_run.py          a finished run, as read from its folder
earlier_vocabularies.py  the vocabularies that features extend
holding.py               compares a run's files with its manifest
"""
