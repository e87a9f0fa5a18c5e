"""Files' bytes as text: decompressed, and in UTF-8.

compression.py    compressed files, by suffix
encodings.py      codecs: their ASCII, and bytes that they don't define
other_formats.py  what isn't CSV, by its first bytes
text.py           a file's bytes, decompressed, as UTF-8 text
"""
