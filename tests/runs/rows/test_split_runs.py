"""Runs split in other ways than by key: each row is where its rule says, and `verify` and `apply` know the rule."""

import json
import re
from pathlib import Path

import pytest

from shardmill.schemas.errors import ConfigError
from tests.pipelines.cli.test_commands import call_here
from tests.pipelines.test_apply import apply
from tests.support.runs import read_split, run_toml
from tests.support.verified import problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

_DAYS = ["2020-01-01", "2020-02-29T23:59:59", "2020-03-01", "2020-05-31T23:00-02:00", "2020-06-01T12", "2021-01-01"]
_BY_TIME = """
[split]
by = "time"
column = "day"
train_until = 2020-03-01
eval_until = "2020-06-01"
[features]
x = "numeric"
z = { kind = "z_score", column = "x" }
[output]
shards = 1
shuffle = false
"""


@pytest.fixture(scope="module")
def by_time(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run split by days, two rows of which have none."""
    folder = tmp_path_factory.mktemp("by-time")
    rows = [*((day, index) for index, day in enumerate(_DAYS)), ("", 6), ("2020-02-30", 7)]
    (folder / "a.csv").write_text("day,x\n" + "".join(f"{day},{x}.5\n" for day, x in rows))
    return run_toml(folder, '[input]\nfiles = "*.csv"\nmax_bad_fraction = 0.5\n' + _BY_TIME)


def test_rows_are_split_by_time(by_time: Path) -> None:
    """Each split ends before its end; statistics are those of the rows before the first."""
    found = {name: read_split(by_time, name) for name in ("train", "eval", "test")}
    assert {name: rows["x"].tolist() for name, rows in found.items()} == {
        "train": [0.5, 1.5],
        "eval": [2.5],
        "test": [3.5, 4.5, 5.5],
    }
    assert found["test"]["z"].tolist() == [5.0, 7.0, 9.0]


def test_rows_without_a_time_are_accounted_for(by_time: Path) -> None:
    """They are rejected with a reason, and `verify` finds everything as it was."""
    manifest = json.loads((by_time / "manifest.json").read_text())
    assert manifest["rows"] == {"read": 8, "written": 6, "rejected": 2}
    assert manifest["rejected"]["reasons"] == {
        "day: expected a date or time such as 2020-01-31 or 2020-01-31T12:00:00, by which rows are split": 2
    }
    assert problems(by_time) == {}


def test_new_rows_are_split_by_the_same_times(by_time: Path, tmp_path: Path) -> None:
    """`apply` splits as the run did; put into one split, rows need no time."""
    (tmp_path / "new.csv").write_text("day,x\n1999-01-01,1\n,2\n2020-05-01,3\n")
    assert apply(by_time, [tmp_path / "new.csv"], tmp_path / "out").manifest["rows"]["rejected"] == 1
    assert {name: read_split(tmp_path / "out", name)["x"].tolist() for name in ("train", "eval")} == {
        "train": [1.0],
        "eval": [3.0],
    }
    apply(by_time, [tmp_path / "new.csv"], tmp_path / "one", split="eval")
    assert read_split(tmp_path / "one", "eval")["x"].tolist() == [1.0, 2.0, 3.0]
    assert problems(tmp_path / "one") == problems(tmp_path / "out") == {}


def test_an_end_must_be_of_the_columns_type(by_time: Path, tmp_path: Path) -> None:
    """A number can't end dates, and a date can't end numbers; the message says what the column holds."""
    (tmp_path / "a.csv").write_text("day,x\n2020-01-01,1\n2020-01-02,2\n")
    toml = (
        '[input]\nfiles = "*.csv"\n[split]\nby = "time"\ncolumn = "{}"\ntrain_until = {}\n[features]\nx = "numeric"\n'
    )
    for column, end, expected in (
        ("day", "3", "split.train_until: expected a date or time, since column 'day' holds text, received 3"),
        (
            "x",
            "2020-01-02",
            "split.train_until: expected a number, since column 'x' holds numbers, received '2020-01-02'",
        ),
        ("dya", "2020-01-02", "split.column: there is no column 'dya'; the columns are 'day', 'x'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(expected)):
            run_toml(tmp_path, toml.format(column, end))


def test_folds_are_stratified(tmp_path: Path) -> None:
    """Of three runs each row is in `eval` once, with a third of each label; `verify` finds the rows again."""
    lines = [f"{row},{'yes' if row % 10 == 0 else 'no'}" for row in range(300)]
    (tmp_path / "a.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    toml = (
        '[input]\nfiles = "*.csv"\n[split]\nfolds = 3\nfold = {}\nstratify = "y"\n'
        '[features]\nx = "numeric"\ny = "label"\n[output]\nshards = 1\n'
    )
    evaluated: list[int] = []
    for fold in range(3):
        run = run_toml(tmp_path, toml.format(fold), name=f"fold-{fold}")
        rows = read_split(run, "eval")
        labels = rows["y"].tolist()
        assert abs(labels.count(b"yes") - 10) <= 1
        assert abs(labels.count(b"no") - 90) <= 2
        evaluated += rows["x"].tolist()
        assert len(read_split(run, "train")["x"]) == 300 - len(labels)
    assert sorted(evaluated) == list(range(300))
    assert problems(run) == {}


def test_keys_in_several_splits_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With their number, for each combination of splits; bad rows and rows without a key don't count."""
    rows = ["2020-01-01,1,a", "2020-04-01,2,a", "2020-04-02,3,b", "2020-04-03,4,b", "2020-01-02,5,c", "2020-07-01,6,c"]
    rows += ["2020-01-03,7,", "2020-07-02,8,", "2020-01-04,9,d", "2020-04-05,bad,d", "2020-01-05,3,e", "2020-04-06,1,e"]
    (tmp_path / "a.csv").write_text("day,x,plane\n" + "\n".join(rows[:7]) + "\n")
    (tmp_path / "b.csv").write_text("day,x,plane\n" + "\n".join(rows[7:]) + "\n")
    toml = '[input]\nfiles = "*.csv"\nmax_bad_fraction = 0.5\n' + _BY_TIME
    toml = toml.replace("[features]", 'key = ["plane"]\n[features]')
    run = run_toml(tmp_path, toml)
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["shared_keys"] == {
        "key": ["plane"],
        "values": 5,
        "shared": [{"splits": ["train", "eval"], "values": 2}, {"splits": ["train", "test"], "values": 1}],
    }
    assert problems(run) == {}
    _, out, _ = call_here(monkeypatch, capsys, "inspect", str(run))
    assert "  2 of 5 values of plane occur in train and eval\n  1 of 5 values of plane occur in train and test\n" in out
    manifest["shared_keys"]["shared"][0]["values"] = 1
    (run / "manifest.json").write_text(json.dumps(manifest))
    (problem,) = problems(run)["input"]
    assert problem.startswith("values of the key in several splits are [{'splits': ['train', 'eval'], 'values': 2}, ")
