"""A run's folder: what stands in it, how it appears, how it is read again.

manifest_keys.py  the keys of manifest.json
manifest.py       writes manifest.json
work_folders.py   where runs work, and what killed ones left there
claim.py          one run at a time is published to a remote folder
published.py      what this process has published
publish.py        work folder, then the run's own name, all at once
publish_stage.py  the same as the pipeline's last stage
finished_run.py   a finished run, read
holding.py        its files held against the manifest
"""
