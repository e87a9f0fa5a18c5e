"""`shardmill init`: from a look at the data to two files."""

from pathlib import Path

import pytest

from pipelines.config import load_config
from pipelines.progress import Progress
from pipelines.starting import init
from schemas.errors import ConfigError, DataError, OutputError
from schemas.proto import load_schema


def test_it_writes_a_configuration_and_a_schema(tmp_path: Path) -> None:
    """The configuration is valid, names its input relative to itself where it was named so, and the schema beside it."""
    (tmp_path / "data.csv").write_text("age;city\n31;Oslo\n45;Rome\n")
    init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    config = load_config(str(tmp_path / "p.toml"))
    assert config.input.dialect.delimiter == ";"
    assert load_schema(str(tmp_path / "p.schema.pbtxt")).names == ("age", "city")
    assert config.input.schema == str(tmp_path / "p.schema.pbtxt")


@pytest.mark.parametrize("name", ["p.toml", "p.schema.pbtxt"])
def test_files_that_exist_are_left_alone(tmp_path: Path, name: str) -> None:
    """Neither of the two files is overwritten."""
    (tmp_path / "data.csv").write_text("x\n1\n")
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputError, match=rf"{name}' exists and is left alone; choose another file with --output"):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    assert (tmp_path / name).read_text() == "mine"


@pytest.mark.parametrize(
    ("pattern", "output", "expected"),
    [
        (
            "data.csv",
            "s3://bucket/p.toml",
            "--output: expected a local file, the only kind that a configuration is read from, received 's3://bucket/p.toml'",
        ),
        ("data.csv", "s3:/bucket/p.toml", "--output: expected a local path or one such as s3://BUCKET/FOLDER"),
        ("data.csv", "", "--output: expected a path, received ''"),
        ("data.csv", "/", "--output: expected a path with a name, received '/'"),
        ("s3:/bucket/*.csv", "p.toml", "FILES: expected a local path or one such as s3://BUCKET/FOLDER"),
        ("", "p.toml", "FILES: expected a path, received ''"),
    ],
)
def test_paths_that_cannot_be_meant_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, output: str, expected: str
) -> None:
    """A slip in a path is told before the data is read, and a configuration is written to a local file only."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text("x\n1\n")
    with pytest.raises(ConfigError) as caught:
        init([pattern], output, Progress(quiet=True))
    assert str(caught.value).startswith(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["data.csv"]


def test_empty_files_have_no_columns(tmp_path: Path) -> None:
    """Where all files are empty there is nothing to begin with."""
    (tmp_path / "data.csv").write_text("")
    with pytest.raises(DataError, match=r"all input files are empty, '.*data\.csv' the first of them"):
        init([str(tmp_path / "data.csv")], str(tmp_path / "p.toml"), Progress(quiet=True))
    assert not (tmp_path / "p.toml").exists()
