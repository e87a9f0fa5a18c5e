"""The input files: which, in what order, and what can't be."""

from pathlib import Path

import pytest

from shardmill.pipelines.job.input_files import list_files
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import file_ranges
from shardmill.transforms.read import Blocks, units_of
from tests.support.csv.csv_blocks import select_columns


def test_files_are_listed_by_pattern_then_path(tmp_path: Path) -> None:
    """Files come in the order of the patterns, by path within one, and each once."""
    for name in ("b.csv", "a.csv", "z.csv"):
        (tmp_path / name).write_text("x" * len(name))
    found = list_files({None: (f"{tmp_path}/z.csv", f"{tmp_path}/*.csv")})
    assert [Path(each.path).name for each in found] == ["z.csv", "a.csv", "b.csv"]
    assert [each.size for each in found] == [5, 5, 5]


def test_a_file_in_two_splits_is_an_error(tmp_path: Path) -> None:
    """Rows that are in train and in eval would be a leak."""
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(DataError, match=r"a\.csv' is in two splits, 'train' and 'eval': rows would leak"):
        list_files({"train": (f"{tmp_path}/a.csv",), "eval": (f"{tmp_path}/*.csv",)})


def test_a_pattern_without_a_folder_is_of_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the current folder are found by a pattern or by name, and called as they were asked for."""
    (tmp_path / "below").mkdir()
    for name in ("b.csv", "a.csv", "below/c.csv"):
        (tmp_path / name).write_text("x")
    monkeypatch.chdir(tmp_path)
    assert [each.path for each in list_files({None: ("b.csv", "*.csv")})] == ["b.csv", "a.csv"]


def test_a_relative_file_is_read_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are processes with a current folder of their own: they scan and read the file where it is, and call it as was asked."""
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    found = list_files({None: ("a.csv", f"{tmp_path}/*.csv")})
    monkeypatch.chdir("elsewhere")
    assert [each.path for each in found] == ["a.csv", f"{tmp_path}/a.csv"]
    assert {each.path for each in file_ranges(found, Dialect(), 4)} == {"a.csv", f"{tmp_path}/a.csv"}
    assert {each.location or each.path for each in file_ranges(found, Dialect(), 4)} == {f"{tmp_path}/a.csv"}
    selection = select_columns((Column("x", ColumnType.INT),))
    for unit in units_of(found, Dialect(), selection, map):
        assert sum(block.rows for block in Blocks(unit, Dialect(), selection)) == 2


def test_a_relative_pattern_without_files_tells_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For a relative pattern the message says which folder it is relative to."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=rf"no file matches 'none\.csv' \(the current folder is '{tmp_path}'\)"):
        list_files({None: ("none.csv",)})


def test_an_unknown_scheme_is_an_error() -> None:
    """A URL that no file system takes is named."""
    with pytest.raises(ConfigError, match=r"can't use 'nosuch://bucket/a\.csv'.*shardmill knows local paths, gs://"):
        list_files({None: ("nosuch://bucket/a.csv",)})
