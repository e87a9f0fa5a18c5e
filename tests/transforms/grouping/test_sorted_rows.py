"""Rows come in order, in memory or in files, whatever their sizes."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping import sorted_rows
from shardmill.transforms.grouping.sorted_rows import SortedRows

KEYS = ["name", "place"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "", "é"]), max_size=60),
    st.sampled_from([1, 300, 1 << 20]),
    st.sampled_from([1, 100]),
    st.integers(1, 9),
    st.data(),
)
def test_rows_are_in_order_however_they_are_cut(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], run: int, batch: int, each: int, data: st.DataObject
) -> None:
    """Any tables, runs and batches give the rows that Python's sort gives, and leave no file."""
    places = data.draw(st.permutations(range(len(names))))
    folder = tmp_path_factory.mktemp("sorted")
    rows = SortedRows(KEYS, str(folder))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sorted_rows, "_RUN_BYTES", run)
        patch.setattr(sorted_rows, "_BATCH_BYTES", batch)
        patch.setattr(sorted_rows, "_MERGED_BATCHES", data.draw(st.integers(1, 4)))
        for start in range(0, len(names), each):
            part = slice(start, start + each)
            rows.add(pa.table({"place": places[part], "name": names[part]}))
        found = [tuple(row.values()) for table in rows.read() for row in table.select(KEYS).to_pylist()]
    assert found == sorted(zip(names, places, strict=True))
    assert not list(folder.iterdir())


def test_rows_of_a_file_that_is_cut_are_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's file that has lost its end is told, with its path."""
    monkeypatch.setattr(sorted_rows, "_RUN_BYTES", 1)
    rows = SortedRows(KEYS, str(tmp_path))
    rows.add(pa.table({"place": [1, 2], "name": ["a", "b"]}))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(DataError, match=rf"can't read '{file}': it ends early"):
        list(rows.read())
