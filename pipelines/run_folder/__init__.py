"""A run's folder: its manifest, its publication, and reading it.

manifest_keys.py  the keys of manifest.json
manifest.py       writes manifest.json
work_folders.py   work folders, and those that killed runs left
claim.py          lets one run at a time publish to a remote folder
published.py      the folders that this process has published
publish.py        the work folder, and its renaming at the end
publish_stage.py  the same as the pipeline's last stage
finished_run.py   a finished run, as read from its folder
holding.py        compares a run's files with its manifest
"""
