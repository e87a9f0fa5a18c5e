"""Rows come out of files in their groups, whatever the files' sizes and the number of partitions."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping import partitions, row_files, sorted_rows, windows
from shardmill.transforms.grouping.partitions import Partition, PartitionReader
from shardmill.transforms.grouping.row_files import RowFile, RowWriter
from shardmill.transforms.grouping.settings import Grouping, Window

NAMES = ["value", "user", "city", "time"]
Row = tuple[float, str, int, float]
ROWS = st.lists(
    st.tuples(
        st.floats(width=32, allow_nan=False),
        st.sampled_from(["a", "b", "", "é\x1f"]),
        st.integers(-1, 1),
        st.sampled_from([0.5, 1, -3]),
    ),
    min_size=1,
    max_size=40,
)


def grouping(*, most: int = 1000, truncate: bool = False, order_by: str | None = "time") -> Grouping:
    """Groups by user and city."""
    return Grouping(group_by=("user", "city"), order_by=order_by, context=(), max_length=most, truncate=truncate)


def write(rows: list[tuple[Row, int]], wanted: Grouping, folder: Path, each: int) -> list[RowFile]:
    """Writes rows, each with its split, in blocks of so many."""
    writer = RowWriter(wanted, str(folder))
    found: list[RowFile] = []
    for start in range(0, len(rows), each):
        block = rows[start : start + each]
        types = [pa.float32(), pa.string(), pa.int64(), pa.float32()]
        columns = [pa.array([row[at] for row, _ in block], kind) for at, kind in enumerate(types)]
        splits = np.array([split for _, split in block], np.int64)
        found += writer.add_rows(pa.RecordBatch.from_arrays(columns, NAMES), splits, start)
    return [*found, *writer.close()]


def read(files: list[RowFile], wanted: Grouping, bits: int) -> tuple[list[tuple[int, list[Row]]], int]:
    """The groups of all partitions, each with its split; and the number of dropped rows."""
    reader = PartitionReader(files, NAMES, wanted, str(Path(files[0].path).parent))
    groups = []
    for index in range(1 << bits):
        for found in reader.read(Partition(bits, index)):
            cells = list(zip(*(column.to_pylist() for column in found.columns.columns), strict=True))
            for start, stop, split in zip(found.starts, found.stops, found.splits, strict=True):
                groups.append((int(split), cells[start:stop]))
    return groups, sum(reader.counts.dropped.values())


def expected(rows: list[tuple[Row, int]], most: int) -> list[tuple[int, list[Row]]]:
    """The groups by Python's own sort, which is stable, each cut after so many rows."""
    ordered = sorted(rows, key=lambda row: (row[1], row[0][1], row[0][2], row[0][3]))
    keyed = itertools.groupby(ordered, key=lambda row: (row[1], row[0][1], row[0][2]))
    return [(key[0], [row for row, _ in group][:most]) for key, group in keyed]


@settings(max_examples=25, deadline=None)
@given(ROWS, st.data())
def test_groups_are_those_of_a_stable_sort(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], data: st.DataObject
) -> None:
    """Each group has its rows in order, ties in the input's, and none is lost, but those after the longest length."""
    splits = data.draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    most, bits, each = data.draw(st.integers(1, 9)), data.draw(st.integers(0, 2)), data.draw(st.integers(1, 40))
    pairs = list(zip(rows, splits, strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_files, "_FILE_BYTES", data.draw(st.sampled_from([1, 500, 1 << 20])))
        patch.setattr(row_files, "_SECTION_BYTES", data.draw(st.sampled_from([1, 1 << 20])))
        patch.setattr(partitions, "_PARTITION_BYTES", data.draw(st.sampled_from([1, 1 << 20])))
        patch.setattr(partitions, "_BATCH_ROWS", data.draw(st.integers(1, 9)))
        wanted = grouping(most=most, truncate=True)
        files = write(pairs, wanted, tmp_path_factory.mktemp("rows"), each)
        groups, dropped = read(files, wanted, bits)
    assert sorted(groups) == sorted(expected(pairs, most))
    assert sum(len(group) for _, group in groups) + dropped == len(rows)


def test_the_order_of_groups_does_not_depend_on_partitions(tmp_path: Path) -> None:
    """As many partitions as one likes: the same groups one after the other."""
    rows = [((float(at), f"u{at % 50}", at % 3, 1.0), at % 2) for at in range(500)]
    files = write(rows, grouping(), tmp_path, 100)
    assert read(files, grouping(), 0) == read(files, grouping(), 3) == read(files, grouping(), 5)


def test_without_an_order_rows_stay_in_the_inputs(tmp_path: Path) -> None:
    """No column orders them: a group's rows are as they were read, across blocks."""
    wanted = grouping(order_by=None)
    rows = [((float(-at), "u", 0, 1.0), 0) for at in range(20)]
    ((_, group),), _ = read(write(rows, wanted, tmp_path, 3), wanted, 2)
    assert group == [row for row, _ in rows]


def test_partitions_grow_in_number_with_the_rows() -> None:
    """One holds about 48 MiB, so that it fits into memory."""
    file = RowFile("rows", np.zeros(2, np.int64), 0, 1 << 30)
    assert Partition.all([]) == Partition.all([RowFile("rows", np.zeros(2, np.int64), 0, 9)]) == [Partition(0, 0)]
    assert Partition.all([file]) == [Partition(5, index) for index in range(32)]


def test_a_group_that_is_too_long_is_told(tmp_path: Path) -> None:
    """The message has the group's key, the limit and both ways out."""
    wanted = grouping(most=2)
    rows = [((1.0, "ann", 7, float(at)), 0) for at in range(3)]
    message = (
        "the group of user 'ann' and city 7: expected at most 2 rows, received more; raise \\[sequence\\] max_length, or set "
        'on_too_long = "truncate", which drops those after them'
    )
    with pytest.raises(DataError, match=message):
        read(write(rows, wanted, tmp_path, 2), wanted, 0)


def test_windows_need_times_of_their_own(tmp_path: Path) -> None:
    """Two rows of a series at the same time are told with both; of other series or splits they are none of its business."""
    window = Window(size=2, shift=1, stride=1, horizon=0)
    wanted = Grouping(group_by=("user", "city"), order_by="time", window=window)
    rows = [((1.0, "ann", 7, 3.0), 0), ((2.0, "ann", 7, 1.0), 0), ((3.0, "ann", 7, 3.0), 1), ((4.0, "bob", 7, 3.0), 0)]
    groups, dropped = read(write(rows, wanted, tmp_path, 2), wanted, 0)
    assert groups == [(0, [rows[1][0], rows[0][0]])]
    assert dropped == 2
    message = (
        "the group of user 'ann' and city 7: expected every value of 'time' once, since windows are steps of \\[window\\] order_by, "
        "received 3.0 twice; remove one of the rows, or name in group_by the columns that tell them apart"
    )
    with pytest.raises(DataError, match=message):
        read(write([*rows, rows[0]], wanted, tmp_path, 2), wanted, 0)
    whole = replace(wanted, group_by=())
    with pytest.raises(DataError, match=r"the rows: expected every value of 'time' once, .* received 3.0 twice"):
        read(write(rows, whole, tmp_path, 2), whole, 0)


def test_without_group_by_all_rows_are_one_series(tmp_path: Path) -> None:
    """Those of a split, in order, whatever the number of partitions; windows may overlap."""
    wanted = Grouping(group_by=(), order_by="time", window=Window(size=3, shift=1, stride=2, horizon=0))
    rows = [((float(at), "u", at, float(-at)), at // 9) for at in range(16)]
    groups, dropped = read(write(rows, wanted, tmp_path, 5), wanted, 2)
    ordered = {split: [row for row, each in reversed(rows) if each == split] for split in (0, 1)}
    expected = [
        (split, ordered[split][first : first + 5]) for split in (0, 1) for first in range(len(ordered[split]) - 4)
    ]
    assert groups == expected
    assert dropped == 0


def windows_of(
    files: list[RowFile], wanted: Grouping, folder: Path
) -> tuple[list[tuple[object, ...]], dict[str, int], dict[str, int]]:
    """All that windows are written of, batch by batch; the dropped rows, and the filled cells."""
    reader = PartitionReader(files, NAMES, wanted, str(folder))
    found = []
    for groups in reader.read(Partition(0, 0)):
        assert groups.counted is not None
        arrays = (groups.starts, groups.stops, groups.hashes, groups.splits, groups.row_splits, groups.counted)
        found.append((groups.columns.to_pylist(), *(array.tolist() for array in arrays)))
    return found, reader.counts.dropped, reader.counts.filled


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(width=32)), st.sampled_from(["a", "b"])), min_size=1, max_size=90
    ),
    st.builds(
        Window, size=st.integers(1, 4), shift=st.integers(1, 4), stride=st.integers(1, 3), horizon=st.integers(0, 3)
    ),
    st.data(),
)
def test_a_series_larger_than_memory_gives_the_same_windows(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[float, str]], window: Window, data: st.DataObject
) -> None:
    """Sorted in files and cut as rows come, it gives the same batches, counts and filled cells as in memory."""
    times = data.draw(st.permutations(range(len(cells))))
    rows = [((value, user, 0, float(at)), at // 30) for (value, user), at in zip(cells, times, strict=True)]
    wanted = Grouping(group_by=("user",), order_by="time", window=window, forward_fill=("value",))
    folder = tmp_path_factory.mktemp("rows")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_files, "_FILE_BYTES", 500)
        patch.setattr(windows, "_BATCH_ROWS", data.draw(st.integers(1, 5)))
        files = write(rows, wanted, folder, 7)
        whole = windows_of(files, wanted, folder)
        before = set(folder.iterdir())
        patch.setattr(sorted_rows, "_RUN_BYTES", data.draw(st.sampled_from([1, 1000])))
        patch.setattr(sorted_rows, "_BATCH_BYTES", data.draw(st.sampled_from([1, 300])))
        patch.setattr(sorted_rows, "_MERGED_BATCHES", 1)
        assert repr(windows_of(files[::-1], wanted, folder)) == repr(whole)
    assert set(folder.iterdir()) == before
