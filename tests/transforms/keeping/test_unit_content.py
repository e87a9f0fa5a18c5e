"""The content of a unit: its bytes, and no others."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.keeping.unit_content import read_content

DATA = b"a,b\n" * 1_000_000


@pytest.mark.parametrize(("start", "stop"), [(0, None), (0, 8), (4, 3_000_000), (4, None)])
def test_the_content_is_that_of_the_units_bytes(tmp_path: Path, start: int, stop: int | None) -> None:
    """The hash and the checksum are those of the bytes from the unit's start to its end."""
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    found = read_content(Unit(0, 0, str(path), start, stop))
    assert found.sha256 == hashlib.sha256(DATA[start:stop]).digest()
    assert found.checksum == Checksum.of(DATA[start:stop])


def test_the_rows_that_repeat_others_count(tmp_path: Path) -> None:
    """The same bytes have another hash where other rows of them are left out, but the same checksum."""
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    content = read_content(Unit(0, 0, str(path)))
    found = [content.repeating(np.array(records, np.int64)) for records in ([], [1], [1, 2], [2])]
    assert len({each.sha256 for each in [content, *found]}) == 5
    assert {each.checksum for each in found} == {content.checksum}


def test_a_file_that_has_changed_is_named(tmp_path: Path) -> None:
    """A unit that an earlier pass read with other bytes is an error."""
    path = tmp_path / "a.csv"
    path.write_bytes(DATA)
    with pytest.raises(DataError, match="changed during the run"):
        read_content(Unit(0, 0, str(path), checksum=Checksum.of(DATA[:-1] + b"x")))
