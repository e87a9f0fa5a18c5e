"""What is found in a second look at the data."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from shardmill.pipelines.survey import second_look
from shardmill.pipelines.survey.second_look import ascending_columns, odd_cells
from shardmill.schemas.inference.infer import Profiles
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.units import InputFile

Rows = Sequence[str]


def write(folder: Path, *files: Rows) -> list[InputFile]:
    """Files of rows with one header."""
    inputs = []
    for number, rows in enumerate(files):
        path = folder / f"{number}.csv"
        path.write_text("\n".join(["a,b", *rows]) + "\n")
        inputs.append(InputFile(str(path), path.stat().st_size))
    return inputs


def odd_of(folder: Path, *files: Rows) -> dict[str, tuple[int, str, str, int]]:
    """The odd cells of files, each file by its name."""
    inputs = write(folder, *files)
    cells = [row.split(",") for rows in files for row in rows]
    profiles = Profiles(["a", "b"])
    columns = {name: pa.array([row[at] or None for row in cells], pa.string()) for at, name in enumerate("ab")}
    profiles.update(pa.record_batch(columns))
    found = odd_cells(inputs, Dialect(), profiles.schema(), profiles)
    return {name: (odd.count, odd.cell, Path(odd.file).name, odd.line) for name, odd in found.items()}


def test_a_total_is_named(tmp_path: Path) -> None:
    """It makes a column of numbers text; its column, file and line are told."""
    assert odd_of(tmp_path, ["1,2", "3,x"], ["5,y", "7,z", "Total,x"]) == {"a": (1, "Total", "1.csv", 4)}


def test_a_second_table_is_named_in_all_columns(tmp_path: Path) -> None:
    """Each column's first cell that is no number."""
    rows = ["1,2.5", ",nan", "3,inf", "u,v", "7,8"]
    assert odd_of(tmp_path, rows) == {"a": (1, "u", "0.csv", 5), "b": (1, "v", "0.csv", 5)}


def test_rejected_cells_are_named_too(tmp_path: Path) -> None:
    """A column stays one of numbers where hardly any cell is none."""
    rows = [f"{number},0.5" for number in range(3000)]
    assert odd_of(tmp_path, [*rows[:2000], "oops,n/a", *rows]) == {
        "a": (1, "oops", "0.csv", 2002),
        "b": (1, "n/a", "0.csv", 2002),
    }


@pytest.mark.parametrize(
    "rows", [["1,2", "x,y", "z,3", "u,v", "w,w"], ["007,2", "008,2", "x,2"], ["x,2", "5,2"], ["1,2"]]
)
def test_columns_of_text_have_no_odd_cells(tmp_path: Path, rows: Rows) -> None:
    """Nor have codes with leading zeros, nor one number and one text."""
    assert odd_of(tmp_path, rows) == {}


def test_many_other_cells_are_named_too(tmp_path: Path) -> None:
    """As long as half of the cells are numbers."""
    assert odd_of(tmp_path, ["1,x", "a,y", "3,4", "b,5"]) == {"a": (2, "a", "0.csv", 3), "b": (2, "x", "0.csv", 2)}


@pytest.mark.parametrize(
    ("dates", "odd"),
    [
        ([f"2023-{number:02d}-28" for number in range(1, 13)], "Total"),
        ([f"{number}:30" for number in range(12)], "24:00"),
        ([f"2023-{number:02d}" for number in range(1, 13)], "n/k"),
        ([f"2023-{number:02d}" for number in range(1, 13)], "1.1.2023"),
    ],
)
def test_cells_that_are_no_dates_are_named(tmp_path: Path, dates: Rows, odd: str) -> None:
    """One among many dates of a format; empty cells are none of them."""
    rows = [*(f"{date}," for date in dates), ",2", f"{odd},2"]
    assert odd_of(tmp_path, rows) == {"a": (1, odd, "0.csv", 15)}
    assert odd_of(tmp_path, [*rows, *(["x,2"] * 5)]) == {"a": (6, odd, "0.csv", 15)}


@pytest.mark.parametrize("others", [["1.1.2023"] * 5, ["x"] * 13])
def test_dates_in_several_formats_have_no_odd_cells(tmp_path: Path, others: Rows) -> None:
    """Nor has text with some dates."""
    assert odd_of(tmp_path, [f"{cell},2" for cell in ["2023-01-31"] * 12 + [*others]]) == {}


def test_versions_are_no_dates(tmp_path: Path) -> None:
    """Although most could be."""
    assert odd_of(tmp_path, [f"{cell},2" for cell in ["1.2.10", "1.2.11", "10.4.12", "1.0.1", "1.0.2"]]) == {}


def test_only_so_much_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In more data the cell is counted, but not found."""
    monkeypatch.setattr(second_look, "_MOST_BYTES", 5)
    assert odd_of(tmp_path, ["1,2", "3,4"], ["5,6", "x,8"]) == {"a": (1, "", "", 0)}


def test_numbers_that_ascend_are_found(tmp_path: Path) -> None:
    """In steps that differ; the first file with rows decides."""
    inputs = write(tmp_path, [], ["1,1", "3,2", ",3", "9,4"], ["0,0"])
    profiles = Profiles(["a", "b"])
    profiles.update(pa.record_batch({"a": ["1", "3", "9"], "b": ["1", "2", "3"]}))
    schema = profiles.schema()
    assert ascending_columns(inputs, Dialect(), schema, ["a", "b"]) == {"a"}
    assert ascending_columns(inputs, Dialect(), schema, []) == frozenset()
    assert ascending_columns(inputs[:1], Dialect(), schema, ["a"]) == frozenset()
    assert ascending_columns(write(tmp_path, ["3,1", "1,1"]), Dialect(), schema, ["a", "b"]) == frozenset()
