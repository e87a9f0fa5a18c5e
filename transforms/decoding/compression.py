"""Compressed files, by suffix."""

COMPRESSED = (".gz", ".bz2", ".zst")


def compressed_suffix(path: str) -> str:
    """The suffix of a compressed file, in lower case.

    It is empty for other files.
    """
    return next((suffix for suffix in COMPRESSED if path.lower().endswith(suffix)), "")
