"""Whether this user may read the Python that runs: much of it is imported only when it is needed."""

import os

import typer

import shardmill
from shardmill.schemas.errors import DataError


def check_readable() -> None:
    """Looks into the folders of the standard library, of a package that was installed, and of our own.

    Raises:
        DataError: One can't be read, as where a process has become another user after it was started.
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
