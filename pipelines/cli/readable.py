"""Checks that the user may read Python's installation.

Python imports modules on demand.
"""

import os

import typer

import shardmill
from shardmill.schemas.errors import DataError


def check_readable() -> None:
    """Checks the folders that Python imports from.

    They are those of the standard library, of installed packages and of shardmill.

    Raises:
        DataError: One can't be read, e.g. because the process changed its user after it started.
    """
    for module in (os, typer, shardmill):
        folder = os.path.dirname(os.path.abspath(module.__file__ or ""))
        try:
            os.scandir(folder).close()
        except PermissionError as error:
            raise DataError(
                f"this user can't read {folder!r}, from which Python imports: {error.strerror}; let it read that folder and enter those "
                "above it, or install Python and shardmill where it may"
            ) from error
