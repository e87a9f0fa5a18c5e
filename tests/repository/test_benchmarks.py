"""The benchmarks: their data, contestants and results."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest

from tests.support.locations import ROOT

pytest.importorskip("benchmarks", reason="the tests run apart from the repository")

from benchmarks import generate
from benchmarks.contestants import CONTESTANTS, SHARDMILL
from benchmarks.datasets import DATA_SETS
from benchmarks.harness import Measurement, Series
from benchmarks.results import Result, extrapolated, markdown, ratios, write_json, write_svg


def timed(contestant: str, *seconds: float, rows: int = 10) -> Result:
    """A result of runs that took so long."""
    return Result("narrow", rows, contestant, Series([Measurement(each, each, 1) for each in seconds]))


@pytest.mark.parametrize("name", DATA_SETS)
def test_a_data_set_has_its_rows_in_any_number_of_files(name: str, tmp_path: Path) -> None:
    """The rows are the same, in order."""
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    tables = []
    for files in (1, 3):
        paths = generate.write(tmp_path / str(files), 70, files, data=name)
        assert len(paths) == files
        tables.append(pyarrow.concat_tables(pyarrow.csv.read_csv(path, parse_options=options) for path in paths))
    assert tables[0].num_rows == 70
    assert tables[0].column_names == list(DATA_SETS[name].columns)
    assert tables[0].equals(tables[1])


def test_tokens_are_distinct(tmp_path: Path) -> None:
    """Each row of the data set has a token of its own, in several blocks."""
    (path,) = generate.write(tmp_path, 250_000, data="tokens")
    assert len(pyarrow.csv.read_csv(path).column("token").unique()) == 250_000


def test_ratios_are_taken_turn_by_turn() -> None:
    """A turn in which the machine was slow counts for both."""
    ours, other = timed(SHARDMILL, 1, 2, 4), timed("polars", 2, 4, 8)
    assert ratios(other, [ours, other]) == [2, 2, 2]
    assert ratios(timed("tft", 10), [ours, other]) == [5]
    assert ratios(other, [other]) == []


def test_a_line_through_two_sizes_is_said_to_be_one() -> None:
    """The third size is on the line through the medians, and the table says so."""
    result = extrapolated(timed("tft", 12, rows=1), timed("tft", 32, rows=3), 101)
    assert result.series.seconds == pytest.approx(1012)
    assert "1012.00 (extrapolated)" in markdown([result])


def test_results_are_written_as_json_and_drawn(tmp_path: Path) -> None:
    """All runs are in the one, a bar for each contestant in the other."""
    pytest.importorskip("matplotlib")
    results = [timed(SHARDMILL, 1, 2), timed("polars", 3)]
    write_json(results, tmp_path / "x.json")
    write_svg(results, tmp_path / "x.svg")
    found = json.loads((tmp_path / "x.json").read_text())
    assert [len(each["series"]["runs"]) for each in found["results"]] == [2, 1]
    assert (tmp_path / "x.svg").read_text().count("<!-- narrow, 10 rows: ") == 2


@pytest.mark.parametrize("name", ["polars", "duckdb"])
@pytest.mark.parametrize("data_set", ["narrow", "text", "tokens"])
def test_a_peer_does_the_whole_job(name: str, data_set: str, tmp_path: Path) -> None:
    """Scaled numbers, ids by rank, hashes, the label: a row for each of the input's."""
    contestant = CONTESTANTS[name]
    if contestant.lacks:
        pytest.skip(f"{contestant.lacks} isn't installed")
    generate.write(tmp_path / "data", 500, data=data_set)
    command = [part.format(data=tmp_path / "data", output=tmp_path / "out") for part in contestant.command]
    subprocess.run(command, check=True, cwd=ROOT)
    table = pyarrow.parquet.read_table(tmp_path / "out" / "out.parquet")
    assert table.num_rows == 500
    assert sorted(table.column_names) == sorted(DATA_SETS[data_set].columns)
    assert table.column("float_0").to_numpy().mean() == pytest.approx(0, abs=1e-5)
    assert table.column("float_0").to_numpy().std() == pytest.approx(1, abs=1e-5)


def test_the_command_line_prints_a_table(tmp_path: Path) -> None:
    """One quick contestant, by the documented command."""
    if CONTESTANTS["duckdb"].lacks:
        pytest.skip("duckdb isn't installed")
    command = [sys.executable, "-m", "benchmarks", "--rows", "100", "--contestants", "duckdb", "--repeat", "1"]
    done = subprocess.run([*command, "--work", str(tmp_path)], check=True, cwd=ROOT, capture_output=True, text=True)
    assert "| narrow | 100 | DuckDB to Parquet: likewise |" in done.stdout
