"""Headers with a cell less than their rows, from the CSV to the starter, the shards, `verify` and `apply`."""

import json
from pathlib import Path

import pytest

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.config.input_section import dialect_of
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.init.init import init
from shardmill.pipelines.survey.starter_request import parse_request
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from tests.support.runs import read_rejected, read_split, run_toml

FEATURES = """[features]
a = "numeric"
b = "numeric"
[output]
shards = 1
shuffle = false
"""
ROWS = {"last": "{a},{b},\n", "first": '"{name}",{a},{b}\n'}
SWAPPED = {"last": "{b},{a},\n", "first": '"{name}",{b},{a}\n'}


def table(header: str, row: str, numbers: range) -> str:
    """A file's text: a is the number, b 1000 more, the name text."""
    return header + "".join(row.format(name=f"row {number}", a=number, b=1000 + number) for number in numbers)


@pytest.fixture(scope="module", params=["last", "first"])
def run_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run of twelve files, of which the eleventh has its columns in another order."""
    side: str = request.param
    folder = tmp_path_factory.mktemp(side)
    for file in range(12):
        header, row = ("a,b\n", ROWS[side]) if file != 10 else ("b,a\n", SWAPPED[side])
        (folder / f"{file:02}.csv").write_text(table(header, row, range(2 * file, 2 * file + 2)))
    starter = init([f"{folder}/*.csv"], str(folder / "p.toml"), Progress(quiet=True), parse_request((), None, (), ""))
    dialect = load_config(starter.config).input.dialect
    assert dialect == Dialect(header_lacks=side)  # type: ignore[arg-type]
    return run_toml(folder, f'[input]\nfiles = "*.csv"\nheader_lacks = "{side}"\n{FEATURES}')


def side_of(run_dir: Path) -> str:
    """Which cell the run's files lack, as its manifest says."""
    manifest = json.loads((run_dir / "manifest.json").read_text())
    dialect = dialect_of(manifest["config"]["input"]["dialect"], "manifest.json")
    assert dialect.header
    assert dialect.header_lacks
    return dialect.header_lacks


def test_columns_are_found_by_name_in_every_file(run_dir: Path) -> None:
    """Whatever their order; `verify` finds the rows with the manifest alone."""
    found = read_split(run_dir)
    assert found["a"].tolist() == list(range(24))
    assert found["b"].tolist() == list(range(1000, 1024))
    assert read_rejected(run_dir) == []
    checks = verify(str(run_dir), None, 1, Progress(quiet=True))
    assert [check.name for check in checks if check.problems] == []


def test_new_files_are_read_by_name(run_dir: Path, tmp_path: Path) -> None:
    """`apply` takes the setting from the manifest."""
    (tmp_path / "new.csv").write_text(table("b,a\n", SWAPPED[side_of(run_dir)], range(5, 8)))
    out = tmp_path / "out"
    application = Application(str(run_dir), (str(tmp_path / "new.csv"),))
    apply(application, str(out), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    found = read_split(out)
    assert (found["a"].tolist(), found["b"].tolist()) == ([5, 6, 7], [1005, 1006, 1007])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("5,1005,\n6,1006,\n", r"new\.csv' (lacks|has none of) the column"),
        ("a,b\n5,1005\n6,1006\n", r"2 of 2 rows have 2 cells where the header, with the cell that it lacks, has 3"),
        (
            "a,b,c,d\n5,1,2,3,4\n",
            r"new\.csv' (has the column 'c', 'd', which the|lacks the column 'column_3', but has a column without a name)",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_told(run_dir: Path, tmp_path: Path, text: str, message: str) -> None:
    """One without a header, whose first row would be lost; one whose header lacks nothing; one with more columns."""
    (tmp_path / "new.csv").write_text(text)
    application = Application(str(run_dir), (str(tmp_path / "new.csv"),))
    with pytest.raises(DataError, match=message):
        apply(application, str(tmp_path / "out"), overwrite=False, engine=Engine(), progress=Progress(quiet=True))


def test_a_repeated_header_is_rejected(tmp_path: Path) -> None:
    """As where files were joined: it has a cell less than the rows."""
    (tmp_path / "a.csv").write_text("a,b\n1,2,\na,b\n3,4,\n")
    out = run_toml(
        tmp_path,
        f'[input]\nfiles = "a.csv"\nheader_lacks = "last"\nheader_names = "strict"\nmax_bad_fraction = 0.5\n{FEATURES}',
    )
    assert read_split(out)["b"].tolist() == [2, 4]
    assert [row["reason"] for row in read_rejected(out)] == ["expected 3 columns, found 2"]


def test_strict_names_are_those_in_the_header(tmp_path: Path) -> None:
    """The cell that it lacks may have no name, others may not."""
    (tmp_path / "a.csv").write_text("a,,b\nx,1,2,3\n")
    with pytest.raises(DataError, match=r"a\.csv' has no name for column 2 of 3; give each"):
        run_toml(tmp_path, f'[input]\nfiles = "a.csv"\nheader_lacks = "first"\nheader_names = "strict"\n{FEATURES}')
