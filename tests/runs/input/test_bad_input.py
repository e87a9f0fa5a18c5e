"""Bad input: each gets one clear message and leaves nothing that looks finished; what is merely odd works."""

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError, DataError, OutputError, ShardmillError
from tests.support.runs import read_rejected, read_split, run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

GOOD = "x,y\n1,a\n2,b\n3,a\n"
Z_SCORE = '[features]\nx = "z_score"\n'


def _run(folder: Path, features: str = Z_SCORE, *, files: str = "data.csv", settings: str = "") -> Path:
    return run_toml(folder, f'[input]\nfiles = ["{folder}/{files}"]\n{settings}\n{features}[output]\nshards = 1\n')


def _assert_fails(
    folder: Path, error: type[ShardmillError], message: str, features: str = Z_SCORE, **options: str
) -> None:
    before = {path for path in folder.rglob("*") if path.suffix != ".toml"}
    with pytest.raises(error, match=message):
        _run(folder, features, **options)
    assert {path for path in folder.rglob("*") if path.suffix != ".toml"} == before


def _schema(folder: Path, **columns: str) -> str:
    features = (f'feature {{ name: "{name}" type: {kind} }}\n' for name, kind in columns.items())
    (folder / "schema.pbtxt").write_text("".join(features))
    return f'schema = "{folder}/schema.pbtxt"'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'x,y\n1,a\n2,"b\n3,c\n', r"data\.csv', line 3: a quote that opens a cell here is never closed"),
        (b"PK\x03\x04" + bytes(range(256)) * 20, r"data\.csv' isn't a CSV file: it is a zip"),
        (bytes(range(256)) * 50, r"data\.csv' looks like a binary file"),
    ],
)
def test_files_that_cannot_be_read_as_csv(tmp_path: Path, content: bytes, message: str) -> None:
    """A file that isn't what it should be stops the run with the file, the place and what to do."""
    (tmp_path / "data.csv").write_bytes(content)
    _assert_fails(tmp_path, DataError, message)


@pytest.mark.parametrize("known", [False, True])
def test_rows_with_a_cell_more_than_the_header_are_told_with_what_reads_them(tmp_path: Path, known: bool) -> None:
    """With the schema and without it."""
    (tmp_path / "data.csv").write_text("x,y\n1,2,\n3,4,\n5,6,\n")
    toml = (
        f'[input]\nfiles = "*.csv"\n{_schema(tmp_path, x="INT", y="INT") if known else ""}\n[features]\nx = "z_score"\n'
    )
    message = (
        r"3 of 3 rows are bad \(100\.00%\), more than .* allows: 3 of 3 rows have 3 cells where the header has 2\. The first:"
        r"[\s\S]*They end with ',', and the header doesn't\. To read them set \[input\] header_lacks = \"last\""
    )
    with pytest.raises(DataError, match=message):
        run_toml(tmp_path, toml)


def test_no_file_matches(tmp_path: Path) -> None:
    """A pattern without files is named."""
    _assert_fails(tmp_path, DataError, r"no file matches '.*nope-\*\.csv'", files="nope-*.csv")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A pattern that matches a folder is named, with what to write instead."""
    (tmp_path / "data.csv").mkdir()
    _assert_fails(tmp_path, DataError, r"matches a folder, not a file; .* write '.*data\.csv/\*\.csv'")


def test_a_link_that_leads_nowhere(tmp_path: Path) -> None:
    """A link to itself is named, with the system's reason."""
    (tmp_path / "data.csv").symlink_to(tmp_path / "data.csv")
    _assert_fails(tmp_path, DataError, r"can't read '.*data\.csv': Too many levels of symbolic links")


def test_a_gzip_file_of_blank_lines(tmp_path: Path) -> None:
    """A few kilobytes that inflate to far more than the rows in them take: before the header, after it, and in skipped rows."""
    blank = gzip.compress(b"\n" * (1 << 20)) * 17
    for before, after, settings in (
        (b"", b"x,y\n1,2\n", ""),
        (b"x,y\n1,2\n", b"", ""),
        (b"", b"x,y\n", "skip_rows = 999999999"),
    ):
        (tmp_path / "data.csv.gz").write_bytes(gzip.compress(before) + blank + gzip.compress(after))
        _assert_fails(
            tmp_path,
            DataError,
            r"data\.csv\.gz': expected at most 16 MiB of blank lines, .* received more with [01] rows; it inflates",
            files="data.csv.gz",
            settings=settings,
        )


def test_a_truncated_gzip(tmp_path: Path) -> None:
    """A gzip file that was cut short is named, and no row of it is written."""
    rows = "".join(f"{row},{row * 7919 % 1000003}\n" for row in range(50_000))
    whole = gzip.compress(b"x,y\n" + rows.encode())
    (tmp_path / "data.csv.gz").write_bytes(whole[: len(whole) // 2])
    _assert_fails(tmp_path, DataError, r"can't decompress '.*data\.csv\.gz'.*cut short", files="data.csv.gz")


def test_text_and_large_numbers_are_rejected_rows(tmp_path: Path) -> None:
    """Cells that are no numbers of their column's type reject their rows, each with its reason; the others are written."""
    rows = "".join(f"{row}\n" for row in range(1000))
    (tmp_path / "data.csv").write_text(f"x\n{rows}old\n9999999999999999999999\n")
    run_dir = _run(tmp_path, settings=_schema(tmp_path, x="INT"))
    assert len(read_split(run_dir)["x"]) == 1000
    found = [(row["line"], row["column"], row["reason"]) for row in read_rejected(run_dir)]
    assert found[0] == (1002, "x", "expected an integer, found 'old'")
    assert found[1][:2] == (1003, "x")
    assert "9999999999999999999999" in found[1][2]


def test_a_constant_column_scales_to_zero(tmp_path: Path) -> None:
    """The z-score of a constant column is 0."""
    (tmp_path / "data.csv").write_text("x\n" + "7.5\n" * 10)
    assert read_split(_run(tmp_path))["x"].tolist() == [0.0] * 10


def test_a_column_without_values_is_an_error(tmp_path: Path) -> None:
    """A numeric feature of a column that is empty in every row says so."""
    (tmp_path / "data.csv").write_text("x,y\n,a\n,b\n")
    _assert_fails(
        tmp_path,
        DataError,
        r"column 'x' has no finite value in the 2 rows of the train split \(2 missing, 0 infinite\)",
        settings=_schema(tmp_path, x="FLOAT", y="BYTES"),
    )


def test_an_empty_vocabulary_is_an_error(tmp_path: Path) -> None:
    """A vocabulary of which the threshold leaves nothing is named with the threshold."""
    (tmp_path / "data.csv").write_text(GOOD)
    features = '[features]\ny = { kind = "vocabulary", frequency_threshold = 100 }\n'
    _assert_fails(
        tmp_path,
        DataError,
        r"the vocabulary of column 'y' is empty: none of 3 tokens .*`frequency_threshold`",
        features,
    )


def test_odd_tokens_are_values(tmp_path: Path) -> None:
    """A token with NUL is a token like others; one with a newline is in no vocabulary; invalid UTF-8 rejects its row."""
    (tmp_path / "data.csv").write_bytes(
        b'x,y\n1,a\x00b\n2,a\x00b\n3,"c\nd"\n4,e\n' + b"".join(b"%d,e\n" % row for row in range(400)) + b"5,\xff\n"
    )
    run_dir = _run(tmp_path, '[features]\nx = "numeric"\ny = { kind = "vocabulary", num_oov_buckets = 1 }\n')
    assert (run_dir / "transform_fn" / "assets" / "y").read_bytes() == b"e\na\x00b\n"
    assert read_split(run_dir)["y"][:4].tolist() == [1, 1, 2, 0]
    assert [(row["line"], row["column"]) for row in read_rejected(run_dir)] == [(407, "y")]


def test_a_cell_of_100_mb(tmp_path: Path) -> None:
    """A cell larger than every block is read and transformed like others."""
    with (tmp_path / "data.csv").open("w") as stream:
        stream.write("x,y\n1,a\n2," + "z" * 100_000_000 + "\n3,a\n")
    run_dir = _run(tmp_path, '[features]\nx = "numeric"\ny = { kind = "hash", num_buckets = 10 }\n')
    assert len(read_split(run_dir)["y"]) == 3


def test_5000_columns(tmp_path: Path) -> None:
    """A file of 5,000 columns is read like others, whichever of them are features."""
    table = np.random.default_rng(0).normal(size=(20, 5000)).astype(np.float32)
    names = [f"c{column}" for column in range(5000)]
    lines = [",".join(names), *(",".join(map(str, row)) for row in table.tolist())]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    found = read_split(_run(tmp_path, "[features]\n" + "".join(f'{name} = "z_score"\n' for name in names[21::100])))
    assert len(found) == 50
    wanted = (table - table.mean(axis=0)) / table.std(axis=0)
    np.testing.assert_allclose(found["c4321"], wanted[:, 4321], rtol=1e-3, atol=1e-5)


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    """An output folder that can't be made is named with the system's reason, before any data is read."""
    (tmp_path / "data.csv").write_text(GOOD)
    toml = f'[input]\nfiles = ["{tmp_path}/data.csv"]\n{Z_SCORE}'
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OutputError, match=r"the output folder '.*run' is a file"):
        run_toml(tmp_path, toml)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ('[features]\nz = "z_score"\n', r"run\.toml:5: \[features\] z: there is no column 'z'; the data has x, y"),
        ('[features]\nx = "zscore"\n', r"unknown kind 'zscore'; did you mean 'z_score'\? The kinds are "),
        (
            '[features]\nx = { kind = "z_score", mising = 0 }\n',
            r"`z_score` has no parameter `mising`; did you mean 'missing'\? It has ",
        ),
        (
            '[features]\nx = { kind = "numeric", indicator = true, missing = 0 }\nx_missing = { kind = "numeric", column = "x" }\n',
            r"its output 'x_missing' has the name of an output of feature 'x'",
        ),
        (
            '[features]\ny = "z_score"\n',
            r"expected a column of type FLOAT or INT for `z_score`, received column 'y', which is BYTES",
        ),
    ],
)
def test_features_that_do_not_fit_the_data(tmp_path: Path, features: str, message: str) -> None:
    """A feature that names no column, an unknown kind or parameter, an output twice, or text for a number is an error that names it."""
    (tmp_path / "data.csv").write_text(GOOD)
    _assert_fails(tmp_path, ConfigError, message, features)


def test_a_missing_label_rejects_its_row(tmp_path: Path) -> None:
    """A row without a label is rejected: a label has no other rule for missing values."""
    (tmp_path / "data.csv").write_text("x,y\n" + "1,2\n" * 200 + "3,\n")
    run_dir = _run(tmp_path, '[features]\nx = "z_score"\ny = "label"\n')
    assert [row["reason"] for row in read_rejected(run_dir)] == ["missing value in a column that must have one"]


def test_a_missing_integer_rejects_its_row_in_any_split(tmp_path: Path) -> None:
    """int64 has no NaN: without another rule a row that lacks an integer is set aside, also where `train` lacks none."""
    (tmp_path / "train.csv").write_text("x,y\n" + "1,2\n" * 200)
    (tmp_path / "eval.csv").write_text("x,y\n3,4\n,5\n")
    files = f'{{ train = "{tmp_path}/train.csv", eval = "{tmp_path}/eval.csv" }}'
    run_dir = run_toml(tmp_path, f'[input]\nfiles = {files}\n[features]\nx = "numeric"\ny = "z_score"\n')
    assert read_split(run_dir, "eval")["x"].tolist() == [3]
    assert [(row["line"], row["column"]) for row in read_rejected(run_dir)] == [(3, "x")]


def test_many_missing_integers_stop_the_run_with_what_to_write(tmp_path: Path) -> None:
    """Where more rows lack an integer than may be bad, the message says which lines, and what a feature can say instead."""
    (tmp_path / "data.csv").write_text("x,y\n" + "1,2\n" * 9 + ",3\n")
    message = (
        r"1 of 10 rows are bad .*(?s:.)*line 11, column 'x': missing value"
        r"(?s:.)*give features other than labels a `missing` .*(?s:.)*`missing = 0`.*, as for rows without a label"
    )
    _assert_fails(tmp_path, DataError, message, '[features]\nx = "numeric"\n')


def test_kinds_are_checked_before_the_data(tmp_path: Path) -> None:
    """A mistake that can be seen without the columns is told before they are inferred from all of the data, with the file's name."""
    (tmp_path / "data.csv").write_text('x,y\n1,"never closed\n')
    for features, message in (
        (
            'x = "zscore"',
            r"run\.toml:5: \[features\] x: unknown kind 'zscore'; did you mean 'z_score'\? The kinds are numeric,",
        ),
        ('x = { kind = "z_score", mising = 0 }', r"run\.toml:5: \[features\] x: `z_score` has no parameter `mising`"),
    ):
        _assert_fails(tmp_path, ConfigError, message, f"[features]\n{features}\n")


@pytest.mark.parametrize(("files", "status"), [("data.csv", 1), ('data.csv"]\nfilez = ["', 2)])
def test_the_command_says_one_thing(tmp_path: Path, files: str, status: int) -> None:
    """The command prints one message, no traceback, and ends with status 1 for data and 2 for the configuration."""
    (tmp_path / "data.csv").write_text("x,y\n1,2\n3\n")
    (tmp_path / "p.toml").write_text(f'[input]\nfiles = ["{files}"]\n{Z_SCORE}')
    command = [
        sys.executable,
        "-c",
        "from shardmill.pipelines.cli.commands import main; main()",
        "run",
        "p.toml",
        "--output",
        "out",
        "--quiet",
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )
    assert done.returncode == status
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data.csv", "p.toml"]
