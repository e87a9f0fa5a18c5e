"""Findings of units, kept in files for later runs.

An entry is named after a hash of all that decides it: the unit's bytes, the settings and the code.

findings.py          what the analysis finds of units
unit_content.py      a hash of what decides a unit's rows
settings_digest.py   a hash of settings, code and versions
packed_values.py     accumulators as bytes that hold no code
generations.py       folders of entries by the days of their last use
kept_entries.py      a folder of entries, written atomically
kept_findings.py     the findings of units
kept_parts.py        the part files of units
"""
