"""Tells the kernel's sources apart from others.

`native/compile.py` runs this file, too, before the package is installed: it imports nothing of it.
"""

import hashlib
from pathlib import Path

_DIGITS = 16


def source_digest(folder: Path) -> str:
    """The first hexadecimal digits of a SHA-256 over the kernel's sources.

    Args:
        folder: The folder `native`. What fuzzes the kernel isn't a part of it.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.[ch]")):
        name = path.relative_to(folder).as_posix()
        if not name.startswith("fuzz/"):
            octets = path.read_bytes()
            digest.update(f"{name} {len(octets)}\n".encode() + octets)
    return digest.hexdigest()[:_DIGITS]
