"""A run's folder: what stands in it, how it appears, how it is read again.

manifest_keys.py  the keys of manifest.json
manifest.py       writes manifest.json
publish.py        work folder, then the run's own name, all at once
publish_stage.py  the same as the pipeline's last stage
finished_run.py   a finished run, read
holding.py        its files held against the manifest
"""
