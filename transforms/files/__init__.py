"""Files by path or URL, local or in a store.

path_patterns.py   `*`, `**`, `?` and `[a-z]` in paths
files.py           read, create, replace and remove files
table_sections.py  tables as sections of files
copying.py         copy files and folders
local_listing.py   the local files that a pattern matches
enclosed.py        the files of an untrusted folder, without following links
checksums.py       CRC32C of bytes read in pieces
makers.py          whether the process that made a folder is gone
temporary.py       local folders that are removed when the process ends
"""
