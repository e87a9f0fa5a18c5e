"""Imports without packages that the importer can do without."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def left_out(*modules: str) -> Iterator[None]:
    """Makes modules seem not installed to imports inside the block.

    Libraries import what they may need and go on without it where it is missing; the job that needs
    none of it needn't wait for it. After the block the modules can be imported as ever. Those that
    are loaded already stay.

    Args:
        modules: The modules' dotted names.
    """
    absent = [name for name in modules if name not in sys.modules]
    # Python's own mark for a module whose import is to fail.
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]
