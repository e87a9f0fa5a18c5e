"""Files by path or URL, local or in a store.

path_patterns.py  `*`, `**`, `?` and `[a-z]` in paths
files.py          read, create, replace, copy and remove files
local_listing.py  the local files that a pattern matches
enclosed.py       the files of a folder that may be a stranger's
checksums.py      CRC32C of bytes read in pieces
makers.py         whether the process that made a folder is gone
temporary.py      local folders that go when the process ends
"""
