"""Digests of the kernel's sources."""

import shutil
from pathlib import Path

import pytest

from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.kernel.source_digest import source_digest
from tests.support.locations import ROOT


def test_the_library_tells_its_sources() -> None:
    """The one in use is that of the sources beside it."""
    assert kernel().kernel_sources().decode() == source_digest(ROOT / "native")


@pytest.mark.parametrize("name", ["kernel.h", "cells/cell.h", "cells/new.c"])
def test_any_source_counts(tmp_path: Path, name: str) -> None:
    """A change of any of them, or another one, gives another digest; a fuzzer doesn't, nor what else is there."""
    before = source_digest(ROOT / "native")
    shutil.copytree(ROOT / "native", tmp_path / "native")
    for other in ("fuzz/parse.c", "notes.txt"):
        (tmp_path / "native" / other).write_text("other")
    assert source_digest(tmp_path / "native") == before
    with (tmp_path / "native" / name).open("a") as file:
        file.write("\n")
    assert source_digest(tmp_path / "native") != before
