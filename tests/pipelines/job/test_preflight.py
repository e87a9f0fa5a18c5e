"""What is said of a run before Beam and TensorFlow are loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.pipelines.job.preflight import check_cache_apart, checked_config
from shardmill.schemas.errors import ConfigError, DataError, OutputError, ShardmillError
from shardmill.transforms.csv.units import InputFile
from tests.support.runs import FINISHED

SCHEMA = """
feature { name: "x" type: FLOAT presence { min_fraction: 1 } }
feature { name: "city" type: BYTES }
"""
RIGHT = """
[input]
files = ["a.csv"]
schema = "s.pbtxt"

[features]
x = "z_score"
city = "vocabulary"

[output]
dir = "out"
"""
WRONG = """deriv = "x.py:f"
derive = "mine.py:g"

[input]
files = ["a.csv",
         "none-*.csv"]
schema = "none.pbtxt"
delimiter = ";;"
header = 3

[split]
train = 0.5
eval = 0.2

[features]
x = "zscore"
city = { kind = "bucketize", num_bucket = 3 }
y = 7

[output]
dir = "out"
shards = 0
"""
HEAVY = ("apache_beam", "tensorflow", "tensorflow_transform")
SCRIPT = """
import sys
from shardmill.pipelines.cli import commands as cli

def leave(status):
    print(status, *[name for name in {heavy!r} if name in sys.modules])
    sys.stdout.flush()
    sys.exit(0)

cli._leave = leave
sys.argv = ["shardmill", *{args!r}]
cli.main()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with data and its schema, which is the current one."""
    (tmp_path / "a.csv").write_text("x,city\n1,Rome\n")
    (tmp_path / "s.pbtxt").write_text(SCHEMA)
    (tmp_path / "mine.py").write_text("def f(inputs): return inputs\n")
    (tmp_path / "p.toml").write_text(RIGHT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(text: str, *overrides: str, output: str | None = None, kind: type[ShardmillError] = ConfigError) -> list[str]:
    """The lines of what a configuration in the current folder is told."""
    Path("p.toml").write_text(text)
    with pytest.raises(kind) as caught:
        checked_config("p.toml", overrides, output, overwrite=False)
    return str(caught.value).splitlines()


def finish_run(folder: Path) -> None:
    """Makes a folder that holds a finished run."""
    folder.mkdir()
    (folder / "manifest.json").write_bytes(FINISHED)
    (folder / "_SUCCESS").touch()


def test_a_right_configuration_passes(folder: Path) -> None:
    """Nothing is written."""
    before = sorted(folder.iterdir())
    assert checked_config("p.toml", (), None, overwrite=False).output.dir == "out"
    assert sorted(folder.iterdir()) == before


def test_all_mistakes_are_told_at_once_each_with_its_line(folder: Path) -> None:
    """Of keys, values, features, functions, files and the output."""
    (folder / "out").mkdir()
    (folder / "out" / "something").touch()
    title, *lines = told(WRONG, "output.seed=-1")
    assert title == "13 mistakes in 'p.toml':"
    starts = (
        "p.toml:1: deriv: unknown key; did you mean 'derive'?",
        "p.toml:2: derive: mine.py has no function 'g'; it has 'f'",
        "p.toml:5: input.files: no file matches 'none-*.csv'",
        "p.toml:7: input.schema: can't read the schema 'none.pbtxt': No such file",
        "p.toml:8: input.delimiter: expected one ASCII character, received ';;'",
        "p.toml:9: input.header: expected true or false, received 3",
        "p.toml:11: split: expected fractions that sum to 1",
        "p.toml:16: [features] x: unknown kind 'zscore'",
        "p.toml:17: [features] city: `bucketize` has no parameter `num_bucket`",
        "p.toml:18: features.y: expected a kind or a table with `kind`",
        "--set output.seed: expected a whole number",
        "p.toml:21: output.dir: the output folder 'out' exists and isn't a finished run",
        "p.toml:22: output.shards: expected a whole number of at least 1, received 0",
    )
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


@pytest.mark.parametrize("schema", ["", 'schema = "s.pbtxt"'])
def test_parameters_are_checked_beside_kinds_with_a_schema_or_without(schema: str, folder: Path) -> None:
    """A kind that can't be parsed hides no parameter that is wrong whatever the columns' types; what may fit one type passes."""
    features = (
        'a = { kind = "z_score", column = "x", pre = ["sin"] }\nb = { kind = "vocabulary", column = "x", top_k = -1 }\n'
        'c = { kind = "min_max", column = "x", min = 1, max = 0 }\n'
        'd = { kind = "datetime", column = "city", format = "%Q" }\ne = { kind = "label", column = "city", missing = "?" }\n'
    )
    title, *lines = told(f'[input]\nfiles = ["a.csv"]\n{schema}\n[features]\n{features}[output]\ndir = "out"\n')
    assert title == "4 mistakes in 'p.toml':"
    found = (
        "a: unknown operation 'sin'",
        "b: expected `top_k`",
        "c: expected `min` less than `max`",
        "d: `format` '%Q'",
    )
    assert all(f"[features] {start}" in line for line, start in zip(lines, found, strict=True)), lines
    assert len(lines) == 4


def test_columns_are_held_against_the_schema(folder: Path) -> None:
    """Those that it lacks, and the split's key."""
    text = RIGHT.replace('city = "vocabulary"', 'city = "vocabulary"\nwind = "z_score"')
    title, *lines = told(text + '[split]\ntrain = 1\nkey = ["towm"]\n')
    assert title == "2 mistakes in 'p.toml':"
    starts = (
        "p.toml:9: [features] wind: there is no column 'wind'; the data has x, city",
        "p.toml:15: split.key: there is no column 'towm'; the columns are 'x', 'city'",
    )
    for line, start in zip(lines, starts, strict=True):
        assert line.startswith(start)


def test_a_type_that_a_look_at_the_data_may_settle_is_no_mistake(folder: Path) -> None:
    """Text may hold numbers."""
    Path("p.toml").write_text(RIGHT.replace('city = "vocabulary"', 'city = "z_score"'))
    checked_config("p.toml", (), None, overwrite=False)


def test_derived_columns_are_left_to_the_function(folder: Path) -> None:
    """Which there are is known when it has been traced."""
    Path("p.toml").write_text('derive = "mine.py:f"\n' + RIGHT.replace("[features]", '[features]\nspeed = "z_score"'))
    checked_config("p.toml", (), None, overwrite=False)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (None, "derive: can't read 'none.py', which should hold the function 'f'"),
        ("def f(:\n", "derive: none.py, line 1: def f(:"),
        ("x = 1\n", "derive: none.py has no function 'f'; it has none"),
    ],
)
def test_a_functions_file_is_looked_at(source: str | None, message: str, folder: Path) -> None:
    """It must be there, be Python, and have something of that name; it isn't run."""
    if source is not None:
        Path("none.py").write_text(source)
    assert told('derive = "none.py:f"\n' + RIGHT)[0].startswith(f"p.toml:1: {message}")


@pytest.mark.parametrize(
    "source", ["from other import f\n", "from other import *\n", "f = make()\n", "globals()['f'] = 1\n"]
)
def test_a_function_may_come_about_in_any_way(source: str, folder: Path) -> None:
    """What may make it isn't refused."""
    Path("mine.py").write_text(source)
    Path("p.toml").write_text('derive = "mine.py:f"\n' + RIGHT)
    checked_config("p.toml", (), None, overwrite=False)


def test_a_missing_file_is_named_with_its_split(folder: Path) -> None:
    """Each pattern that matches nothing; alone it keeps its own class and exit status."""
    lines = told(RIGHT.replace('["a.csv"]', '{ train = "a.csv", eval = ["b.csv", "c/*.csv"] }'), kind=DataError)
    assert [line.partition(" (")[0] for line in lines] == [
        "2 mistakes in 'p.toml':",
        "p.toml:3: input.files.eval: no file matches 'b.csv'",
        "p.toml:3: input.files.eval: no file matches 'c/*.csv'",
    ]


def test_a_file_in_two_splits_is_named(folder: Path) -> None:
    """Rows would leak from one into the other."""
    (line,) = told(RIGHT.replace('["a.csv"]', '{ train = "a.csv", eval = "*.csv" }'), kind=DataError)
    assert line.startswith("p.toml:3: input.files: 'a.csv' is in two splits")


def test_a_finished_run_is_told_with_where_the_folder_is_from(folder: Path) -> None:
    """The file's line, or the option; `--overwrite` lets it pass."""
    finish_run(folder / "out")
    expected = "'out' holds a finished run; choose another --output, or replace it with --overwrite"
    assert told(RIGHT, kind=OutputError) == [f"p.toml:11: output.dir: {expected}"]
    assert told(RIGHT, output="out", kind=OutputError) == [f"--output: {expected}"]
    assert told(RIGHT, "output.dir=out", kind=OutputError) == [f"--set output.dir: {expected}"]
    checked_config("p.toml", (), None, overwrite=True)


def test_a_run_that_would_replace_its_input_is_refused(folder: Path) -> None:
    """Even with `--overwrite`."""
    finish_run(folder / "out")
    (folder / "a.csv").rename(folder / "out" / "a.csv")
    Path("p.toml").write_text(RIGHT.replace('"a.csv"', '"out/*.csv"'))
    with pytest.raises(
        OutputError, match=r"p.toml:11: output.dir: the input 'out/a.csv' is in the output folder 'out'"
    ):
        checked_config("p.toml", (), None, overwrite=True)


def test_an_output_must_be_named(folder: Path) -> None:
    """By the file or the option."""
    assert told(RIGHT.replace('dir = "out"', "")) == ["p.toml: no output folder; give --output DIR or set output.dir"]


def test_an_unset_variable_is_one_mistake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files that it would name aren't looked for."""
    monkeypatch.delenv("NOSUCH", raising=False)
    (line,) = told(RIGHT.replace('"a.csv"', '"${NOSUCH}/a.csv"'))
    assert line.startswith("p.toml:3: input.files: expected the environment variable NOSUCH")


@pytest.mark.parametrize(
    ("args", "status", "expected"),
    [
        (
            ["run", "p.toml", "--set", "features.x=zscore"],
            2,
            "error: --set features.x: [features] x: unknown kind 'zscore'",
        ),
        (
            ["run", "p.toml", "--set", "features.wind=z_score"],
            2,
            "error: --set features.wind: [features] wind: there is no column",
        ),
        (["run", "p.toml", "--set", "input.files=no.csv"], 1, "error: --set input.files: no file matches 'no.csv'"),
        (["run", "p.toml", "--output", "done"], 1, "error: --output: 'done' holds a finished run"),
        (["run", "p.toml", "--engine", "flnk"], 2, "error: --engine: expected one of local, prism"),
        (["apply", "done", "--input", "no.csv", "-o", "new"], 1, "error: --input: no file matches 'no.csv'"),
        (["apply", "x", "--input", "a.csv", "-o", "done"], 1, "error: --output: 'done' holds a finished run"),
    ],
)
def test_mistakes_are_told_before_anything_heavy_is_loaded(
    args: list[str], status: int, expected: str, folder: Path
) -> None:
    """Neither Beam nor TensorFlow is needed to say them."""
    finish_run(folder / "done")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY, args=args)],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr.startswith(expected)
    assert done.stdout == f"{status}\n"


@pytest.mark.parametrize("cache", ["out", "out/cache", "./out/../out/cache"])
def test_a_cache_in_the_output_folder_is_refused(tmp_path: Path, cache: str) -> None:
    """The run would replace it; a folder beside the output is one to choose."""
    (tmp_path / "a.csv").write_text("x,city\n1,a\n")
    (tmp_path / "s.pbtxt").write_text(SCHEMA)
    path = tmp_path / "a.toml"
    path.write_text(RIGHT + f'[analysis]\ncache = "{cache}"\n')
    with pytest.raises(
        ConfigError, match=r"analysis\.cache: expected a folder apart from the output's, .*/out', which the run"
    ):
        checked_config(str(path), (), None, overwrite=False)
    path.write_text(RIGHT + '[analysis]\ncache = "out-cache"\n')
    assert checked_config(str(path), (), None, overwrite=False).analysis.cache == str(tmp_path / "out-cache")


@pytest.mark.parametrize("cache", [".", "link"])
def test_input_in_the_cache_is_refused(tmp_path: Path, cache: str) -> None:
    """The next run would read the entries as CSV; a file is named, by a link to its folder, too."""
    (tmp_path / "a.csv").write_text("x,city\n1,a\n")
    (tmp_path / "s.pbtxt").write_text(SCHEMA)
    (tmp_path / "link").symlink_to(tmp_path)
    path = tmp_path / "a.toml"
    path.write_text(RIGHT + f'[analysis]\ncache = "{cache}"\n')
    with pytest.raises(
        ConfigError, match=r"cache: expected a folder without input files, received '.*', which has '.*a"
    ):
        checked_config(str(path), (), None, overwrite=False)


def test_input_in_a_cache_in_a_store_is_refused() -> None:
    """An entry is in the bucket's folder; a file beside it, in a folder of a longer name, isn't."""
    with pytest.raises(ConfigError, match=r"received 's3://bucket/days/', which has 's3://bucket/days/e'; choose"):
        check_cache_apart([InputFile("s3://bucket/days/e", 1)], "s3://bucket/days/")
    check_cache_apart([InputFile("s3://bucket/days/e", 1)], "s3://bucket/day")
