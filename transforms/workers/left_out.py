"""Imports without packages that the importer can do without."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class _Absent:
    """Finds that modules aren't installed."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        """Raises for absent modules; others are looked for elsewhere.

        None in `sys.modules` would do for Python's own imports, but not for those of PyArrow's
        compiled modules.
        """
        if name in self._names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


@contextmanager
def left_out(*modules: str) -> Iterator[None]:
    """Makes modules seem not installed to imports inside the block.

    Libraries import what they may need and go on without it where it is missing; the job that needs
    none of it needn't wait for it. After the block the modules can be imported as ever. Those that
    are loaded already stay.

    It is for libraries that try to import: inside the block `importlib.util.find_spec`, which gives
    None for a missing module, raises ModuleNotFoundError for these.

    Args:
        modules: The modules' dotted names.
    """
    absent = _Absent(modules)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)
