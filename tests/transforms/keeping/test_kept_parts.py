"""Part files of units, kept: found again for the same units at the same place, and whole."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.files.checksums import Checksum
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.keeping.kept_parts import KeptParts, WrittenPart
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.rows.splits import ShardRule, SplitRule
from shardmill.transforms.summaries.output_statistics import OutputStatistics
from shardmill.transforms.tfrecord.parts import PartSegment

UNITS = (Unit(1, 0, "a.csv", 4, 8, 3, b"x"), Unit(2, 1, "b.csv"))
COUNTS = tuple(UnitCount(unit, f"{unit}.csv", (5, 2), 0, sha256=bytes([unit]) * 32) for unit in range(4))
SPLITS = SplitRule(("train", "eval"), (500_000, 1_000_000))


def _plan(*counts: UnitCount, rule: ShardRule | None = None) -> RowPlan:
    return RowPlan(counts or COUNTS, SPLITS, rule or ShardRule(3))


@pytest.fixture
def parts(tmp_path: Path) -> Callable[..., KeptParts]:
    """Makes the keeper of a folder."""
    return lambda settings="settings": KeptParts(KeptEntries(str(tmp_path), "--resume"), settings)


def _keep(parts: KeptParts, key: str) -> WrittenPart:
    statistics = OutputStatistics()
    statistics.update(
        {"x": np.array([1, 2, 4], np.float32), "t": pa.array(["a", "b", "a"])}, np.array([0, 0, 1]), ("train", "eval")
    )
    with parts.writing(key) as stream:
        stream.write(b"frames")
        stream.write(b" and more")
    part = WrittenPart((PartSegment("train", 2, 3, 15, ((0, 15),)),), statistics, 3, 4, 100)
    parts.keep(key, part, stream.checksum)
    return part


def test_a_part_comes_back(parts: Callable[..., KeptParts]) -> None:
    """Segments, statistics and counts are those that were kept, and its file has the bytes written."""
    key = parts().key(UNITS, _plan())
    assert parts().find(key) is None
    kept = _keep(parts(), key)
    found = parts().find(key)
    assert found is not None
    assert found._replace(statistics=kept.statistics) == kept
    for split in ("train", "eval"):
        assert found.statistics.summaries(split) == kept.statistics.summaries(split)
    assert Path(parts().path(key)).read_bytes() == b"frames and more"


def test_all_that_decides_a_part_decides_its_name(parts: Callable[..., KeptParts]) -> None:
    """Other settings, units, contents, rows before it, rules or totals give another name."""
    key = parts().key(UNITS, _plan())
    assert key == parts().key(UNITS, _plan(*reversed(COUNTS)))
    others = {
        parts("others").key(UNITS, _plan()),
        parts().key(UNITS[:1], _plan()),
        *(parts().key((changed, UNITS[1]), _plan()) for changed in _changed(UNITS[0])),
        parts().key(UNITS, _plan(*COUNTS[:2], replace(COUNTS[2], sha256=bytes(32)), COUNTS[3])),
        parts().key(UNITS, _plan(replace(COUNTS[0], rows=(4, 3)), *COUNTS[1:3], replace(COUNTS[3], rows=(6, 1)))),
        parts().key(UNITS, _plan(*COUNTS[:3], replace(COUNTS[3], rows=(6, 2)))),
        parts().key(UNITS, _plan(rule=ShardRule(4))),
        parts().key(UNITS, _plan(rule=ShardRule(3, seed=1))),
        parts().key(UNITS, _plan(rule=ShardRule(3, shuffle=False))),
    }
    assert len(others - {key}) == 8 + len(_changed(UNITS[0]))


def _changed(unit: Unit) -> list[Unit]:
    return [
        replace(unit, path="c.csv"),
        replace(unit, start=5),
        replace(unit, first_line=4),
        replace(unit, header=b"y"),
        replace(unit, header=None),
        replace(unit, split="eval"),
    ]


def test_a_damaged_file_is_not_used(parts: Callable[..., KeptParts]) -> None:
    """A part whose file is changed, shorter, longer or gone is none, though its entry is whole."""
    key = parts().key(UNITS, _plan())
    _keep(parts(), key)
    path = Path(parts().path(key))
    for data in (b"framed and more", b"frames", b"frames and more.", b""):
        path.write_bytes(data)
        assert parts().find(key) is None
    path.unlink()
    assert parts().find(key) is None
    path.write_bytes(b"frames and more")
    assert parts().find(key) is not None


def test_a_file_is_there_only_when_it_is_complete(parts: Callable[..., KeptParts], tmp_path: Path) -> None:
    """It gets its name at the end; the checksum is that of all bytes."""
    with parts().writing("part") as stream:
        stream.write(b"frames")
        assert not Path(parts().path("part")).exists()
    assert stream.checksum == Checksum.of(b"frames")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"frames"]
