"""Python's own files, which not every user may read."""

import os

import pytest

from shardmill.pipelines.cli.readable import check_readable
from shardmill.schemas.errors import DataError
from tests.support.permissions import bound, open_folder


def test_a_python_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose user may not read what Python imports from, now or later, is told the folder."""
    check_readable()
    with open_folder() as folder:
        library = folder / "closed" / "library"
        library.mkdir(parents=True)
        library.parent.chmod(0)
        monkeypatch.setattr(os, "__file__", str(library / "os.py"))
        with (
            bound(),
            pytest.raises(DataError, match=f"this user can't read '{library}', .*: Permission denied; let it"),
        ):
            check_readable()
        library.parent.chmod(0o755)
