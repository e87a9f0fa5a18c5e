"""`[input.rename]`, from headers that spell a column in several ways to the shards, to `verify`, `apply` and `init`."""

import json
from pathlib import Path

import pytest

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.init.init import init
from shardmill.pipelines.survey.starter_request import parse_request
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError
from tests.support.runs import read_rejected, read_split, run_toml

RENAME = {"Province/State": "state", "userid": "UserID"}
TABLE = '[input.rename]\n"Province/State" = "state"\nuserid = "UserID"\n'
FEATURES = '[features]\nUserID = "numeric"\nstate = "vocabulary"\n[output]\nshards = 1\nshuffle = false\n'
FILES = '[input]\nfiles = "*.csv"\n'


def _write(folder: Path) -> None:
    rows = "".join(f"{row},Hubei\n" for row in range(100))
    (folder / "a.csv").write_text("UserID,Province/State\n" + rows)
    (folder / "b.csv").write_text("state,userid\nOhio,100\nOhio,x\nOhio,101\n")


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> Path:
    """A run of two files with the same columns in other spellings, one bad row among them."""
    folder = tmp_path_factory.mktemp("rename")
    _write(folder)
    return run_toml(folder, FILES + TABLE + FEATURES)


def test_files_with_other_headers_are_one_table(run_dir: Path) -> None:
    """All values are where they belong; a rejected row names the column, not the header; the manifest has the names, `verify` uses them."""
    found = read_split(run_dir)
    assert found["UserID"].tolist() == list(range(102))
    assert found["state"].tolist() == [0] * 100 + [1] * 2
    (rejected,) = read_rejected(run_dir)
    assert (rejected["line"], rejected["column"]) == (3, "UserID")
    manifest = json.loads((run_dir / "manifest.json").read_text())
    assert manifest["config"]["input"]["dialect"]["rename"] == RENAME
    checks = verify(str(run_dir), None, 1, Progress(quiet=True))
    assert [check.name for check in checks if check.problems] == []


def test_new_files_are_read_with_the_runs_names(run_dir: Path, tmp_path: Path) -> None:
    """`apply` renames as the run did; a spelling that the run didn't know is told, with what can be done about it."""
    (tmp_path / "new.csv").write_text("userid,Province/State\n7,Ohio\n")
    application = Application(str(run_dir), (str(tmp_path / "new.csv"),))
    out = str(tmp_path / "out")
    apply(application, out, overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert read_split(tmp_path / "out")["UserID"].tolist() == [7]
    (tmp_path / "new.csv").write_text("USERID,state\n7,Ohio\n")
    with pytest.raises(DataError, match=r'set \[input\.rename\] "USERID" = "UserID"(.|\n)*`apply` reads new files as'):
        apply(application, f"{out}2", overwrite=False, engine=Engine(), progress=Progress(quiet=True))


def test_init_writes_what_it_is_told_to_rename(tmp_path: Path) -> None:
    """`--set input.rename...` holds for the look at the data, and for the configuration; without it the message gives the line."""
    _write(tmp_path)
    config = tmp_path / "p.toml"
    with pytest.raises(DataError, match=r'lacks the column \'UserID\'.* set \[input\.rename\] "userid" = "UserID"'):
        init([str(tmp_path / "*.csv")], str(config), Progress(quiet=True))
    settings = ['input.rename."Province/State"=state', "input.rename.userid=UserID"]
    init([str(tmp_path / "*.csv")], str(config), Progress(quiet=True), parse_request((), None, settings, str(config)))
    assert dict(load_config(str(config)).input.dialect.rename) == RENAME
    assert 'name: "state"' in (tmp_path / "p.schema.pbtxt").read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("rename = 3", "input.rename: expected a table, received 3"),
        ("rename = { a = 1 }", "input.rename.a: expected a name in a header and its column"),
        ('rename = { a = "" }', "input.rename.a: expected a name in a header and its column"),
        (
            'header = false\ncolumns = ["x"]\nrename = { a = "x" }',
            "input.rename: renames what a header names; remove it",
        ),
    ],
)
def test_renaming_takes_names(tmp_path: Path, settings: str, message: str) -> None:
    """Other values are refused, and so are names of headers where there are none."""
    (tmp_path / "p.toml").write_text(f'{FILES}{settings}\n[features]\nx = "numeric"\n')
    with pytest.raises(ConfigError) as found:
        load_config(str(tmp_path / "p.toml"))
    assert message in str(found.value)
