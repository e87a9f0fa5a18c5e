"""`--dry-run`: all is checked and listed, nothing is written."""

import os
from pathlib import Path

import pytest

from tests.pipelines.cli.test_commands import call_here
from tests.support.runs import FINISHED

CONFIG = """
[input]
files = { train = "d/*.csv", eval = "e.csv" }
schema = "s.pbtxt"
[features]
x = "z_score"
n = { kind = "numeric", column = "k" }
city = { kind = "one_hot", missing = "Rome" }
pair = { kind = "multi_hot", columns = ["city", "k"] }
bucket = { kind = "bucketize", column = "x", num_buckets = 3, indicator = true }
[output]
dir = "out"
rows_per_shard = 1000
"""
SCHEMA = """
feature { name: "x" type: FLOAT }
feature { name: "k" type: INT }
feature { name: "city" type: BYTES }
"""
OUTPUTS = """\
  x               z_score    x        float32
  n               numeric    k        int64
  city            one_hot    city     float32[n]
  pair            multi_hot  city, k  float32[n]
  bucket          bucketize  x        int64
  bucket_missing  bucketize  x        int64
"""
TOLD = f"""\
p.toml: no mistakes found; this is what a run would do, nothing was written
input: 3 files, 3.5 KiB
  d/a.csv  3.5 KiB  train
  d/b.csv  17 B     train
  e.csv    17 B     eval
splits: train, eval
features: 5, with 6 outputs
{OUTPUTS}output: out: 1,000 rows per shard, gzip, level 1
engine: local
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data and configuration, which is the current one."""
    (tmp_path / "d").mkdir()
    for name, rows in (("d/a.csv", 512), ("d/b.csv", 1), ("e.csv", 1)):
        (tmp_path / name).write_text("x,k,city\n" + "1,2,Rm\n" * rows + "\n")
    (tmp_path / "s.pbtxt").write_text(SCHEMA)
    (tmp_path / "p.toml").write_text(CONFIG)
    (tmp_path / "mine.py").write_text("raise ValueError('was run')\ndef f(inputs): return inputs\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tell(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str, status: int = 0
) -> tuple[str, str]:
    """What a dry run prints: nothing changes on the disk."""

    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in Path.cwd().rglob("*")}

    before = state()
    done, out, err = call_here(monkeypatch, capsys, *args, "--dry-run")
    assert done == status
    assert state() == before
    return out, err


def test_files_features_and_outputs_are_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With sizes, splits, types and shards; what depends on the data is an n."""
    assert tell(monkeypatch, capsys, "run", "p.toml") == (TOLD, "")


def test_a_split_by_time_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its ends and column; an end that isn't of the column's type is a mistake."""
    split = '[split]\nby = "time"\ncolumn = "k"\ntrain_until = 7\neval_until = 8.5\n[features]'
    Path("p.toml").write_text(
        CONFIG.replace('{ train = "d/*.csv", eval = "e.csv" }', '"*.csv"').replace("[features]", split)
    )
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert "splits: train until 7, eval until 8.5, test after, by 'k'\n" in out
    _, err = tell(monkeypatch, capsys, "run", "p.toml", "--set", "split.column=city", status=2)
    assert "split.train_until: expected a date or time, since column 'city' holds text, received 7" in err


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ('[window]\nsize = 3\norder_by = "k"', "windows of 3 rows in the order of 'k'"),
        (
            '[window]\nsize = 3\nhorizon = 2\norder_by = "k"\ngroup_by = ["city"]\n[features.y]\nkind = "label"\ncolumn = "x"',
            "windows of 3 rows in the order of 'k', of the rows that agree in 'city', labels 2 after them",
        ),
        ('format = "sequence_example"\n[sequence]\ngroup_by = ["city"]', "groups of the rows that agree in 'city'"),
        (
            'format = "sequence_example"\n[sequence]\ngroup_by = ["city"]\norder_by = "k"',
            "groups of the rows that agree in 'city', in the order of 'k'",
        ),
    ],
)
def test_records_of_several_rows_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], section: str, told: str
) -> None:
    """Which rows are together, and in which order."""
    Path("p.toml").write_text(CONFIG.replace("rows_per_shard = 1000", f"shards = 2\n{section}"))
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert f"splits: train, eval\nrecords: {told}\nfeatures: " in out


def test_types_that_a_run_finds_are_left_open(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a schema the columns are the header's, and what depends on their types is named with each."""
    Path("p.toml").write_text(CONFIG.replace('schema = "s.pbtxt"', "").replace('["city", "k"]', '["city"]'))
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert "features: 5, with 6 outputs; a run finds the columns' types\n" in out
    assert out.startswith("p.toml: no mistakes found without reading the data; this is what")
    assert "\nnot checked: whether features take the columns' types, which a run finds in the data; a schema" in out
    rows = [line.split() for line in out.splitlines()]
    assert ["n", "numeric", "k", "int64", "or", "float32"] in rows
    assert ["x", "z_score", "x", "float32"] in rows


def test_columns_are_held_against_the_header(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where there is no schema; all that lack, each with its line."""
    Path("p.toml").write_text(
        CONFIG.replace('schema = "s.pbtxt"', "").replace("[output]", 'wind = "z_score"\nrain = "z_score"\n[output]')
    )
    out, err = tell(monkeypatch, capsys, "run", "p.toml", status=2)
    assert out == ""
    assert [line.partition(";")[0] for line in err.splitlines()] == [
        "error: 2 mistakes in 'p.toml':",
        "p.toml:11: [features] wind: there is no column 'wind'",
        "p.toml:12: [features] rain: there is no column 'rain'",
    ]


@pytest.mark.parametrize("schema", ["", 'schema = "s.pbtxt"\n'])
def test_wrong_columns_of_all_sections_are_told_together(
    schema: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of features, of the split's key and of settings of single columns."""
    Path("p.toml").write_text(
        '[input]\nfiles = "e.csv"\n'
        + schema
        + '[features]\nwind = "z_score"\nx = "z_score"\n[output]\ndir = "out"\n'
        + '[split]\ntrain = 1\nkey = ["town"]\n[input.columns.kk]\ninfinite = "keep"\n'
    )
    _, err = tell(monkeypatch, capsys, "run", "p.toml", status=2)
    assert [line.partition(": ")[2].split(";")[0] for line in err.splitlines()] == [
        "3 mistakes in 'p.toml':",
        "[features] wind: there is no column 'wind'",
        "split.key: there is no column 'town'",
        "input.columns.kk: there is no column 'kk'",
    ]


def test_text_that_only_the_data_tells_to_be_numbers_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run reads the column to find out; what it needs is no mistake yet."""
    Path("p.toml").write_text(CONFIG.replace('"one_hot", missing = "Rome"', '"z_score"').replace('"city", "k"', '"k"'))
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert out.startswith("p.toml: no mistakes found without reading the data;")
    assert out.endswith(
        "\nnot checked: whether most cells of column 'city' are numbers, as its features need; it is text in 's.pbtxt'\n"
    )


def test_names_stay_in_their_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Control characters in them are shown, and do nothing."""
    Path("p.toml").write_text(
        CONFIG.replace("x = ", r'"a\n\u001b[1mb" = { kind = "z_score", column = "x" }' + "\nx = ")
    )
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert r"  a\n\u001b[1mb  " in out


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            'derive = "mine.py:f"\n',
            "features, also of columns that mine.py:f makes, known when a run has traced it\n",
        ),
        ('preprocessing_fn = "mine.py:f"\n', "features: returned by mine.py:f, known when a run has traced it\n"),
    ],
)
def test_a_function_is_not_run(
    head: str, expected: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it makes is left open."""
    text = CONFIG
    if head.startswith("pre"):
        start, end = text.index("[features]"), text.index("[output]")
        text = text[:start] + text[end:]
    Path("p.toml").write_text(head + text)
    out, _ = tell(monkeypatch, capsys, "run", "p.toml")
    assert expected in out
    if head.startswith("derive"):
        assert '  city    {"kind": "one_hot", "missing": "Rome"}\n' in out


def test_what_would_be_replaced_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With `--overwrite`; without it the run is refused, dry or not."""
    (folder / "out").mkdir()
    (folder / "out" / "manifest.json").write_bytes(FINISHED)
    (folder / "out" / "_SUCCESS").touch()
    out, _ = tell(monkeypatch, capsys, "run", "p.toml", "--overwrite")
    assert "level 1; a finished run is there, which would be replaced\n" in out
    _, err = tell(monkeypatch, capsys, "run", "p.toml", status=1)
    assert "'out' holds a finished run" in err


@pytest.mark.parametrize("option", ["--dry_run", "--dry_run=True"])
@pytest.mark.parametrize("command", [["run", "p.toml"], ["apply", "x", "--input", "e.csv", "-o", "y"]])
def test_beams_own_option_is_refused(
    command: list[str], option: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would run and write all the same."""
    status, out, err = call_here(monkeypatch, capsys, *command, option)
    assert (status, out) == (2, "")
    assert err.startswith("error: --dry_run is Beam's own option")
    assert "expected --dry-run" in err
    assert not os.path.exists("out")
