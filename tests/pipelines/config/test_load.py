"""The configuration file: what is accepted, and what is made of it."""

import os
import pickle
import re
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.config.output_section import OutputConfig
from shardmill.pipelines.config.split_section import SplitConfig
from shardmill.pipelines.config.table import resolve_path
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.csv.dialect import Dialect
from tests.support.configurations import FULL, SMALL, load, write


def test_every_key_is_read(tmp_path: Path) -> None:
    """Each key of the reference lands in its field."""
    config = load(tmp_path, FULL)
    assert config.input.dialect == Dialect(
        delimiter=";",
        quote="'",
        escape="\\",
        encoding="iso8859-1",
        comment="#",
        skip_rows=2,
        header=False,
        columns=("a", "b"),
        null_values=("", "NA"),
        trim=True,
        missing_columns="null",
        extra_columns="ignore",
    )
    assert (config.input.on_bad_row, config.input.max_bad_fraction) == ("fail", 0.5)
    assert config.split == SplitConfig({"train": 0.75, "eval": 0.25}, ("tailnum",))
    assert config.splits == ("train", "eval")
    assert config.features["dep_delay"] == "z_score"
    assert config.output == OutputConfig(
        dir=str(tmp_path / "out/flights"),
        shards=None,
        rows_per_shard=1000,
        shuffle=False,
        seed=7,
        compression="none",
        level=3,
    )


def test_a_small_file_has_the_documented_defaults(tmp_path: Path) -> None:
    """Files and features suffice; all rows are `train`, in 8 shards."""
    config = load(tmp_path, SMALL)
    assert config.input.dialect == Dialect()
    assert (config.input.schema, config.input.on_bad_row, config.input.max_bad_fraction) == (None, "reject", 0.01)
    assert config.split is None
    assert config.splits == ("train",)
    assert config.output == OutputConfig(shards=8, seed=0, shuffle=True, compression="gzip", level=1)


def test_a_header_may_lack_a_cell(tmp_path: Path) -> None:
    """The first or the last, with strict names, too; not where there is no header."""
    setting = 'input.header_lacks="first"'
    assert load(tmp_path, SMALL).input.dialect.header_lacks is None
    dialect = load(tmp_path, SMALL, setting, 'input.header_names="strict"').input.dialect
    assert dialect == Dialect(header_lacks="first", header_names="strict")
    with pytest.raises(ConfigError, match=r"header_lacks: is about the cells of a header; remove it, or set header ="):
        load(tmp_path, SMALL, setting, "input.header=false")
    with pytest.raises(ConfigError, match=r"header_lacks: expected 'first' or 'last', received 'both'"):
        load(tmp_path, SMALL, 'input.header_lacks="both"')


def test_names_of_a_header_are_repaired_unless_strict(tmp_path: Path) -> None:
    """They are repaired where nothing is said, and can't be strict where there is no header."""
    strict = 'input.header_names="strict"'
    assert load(tmp_path, SMALL).input.dialect.header_names == "repair"
    assert load(tmp_path, SMALL, strict).input.dialect == Dialect(header_names="strict")
    with pytest.raises(ConfigError, match=r"header_names: is about names in a header; remove it, or set header = true"):
        load(tmp_path, SMALL, strict, "input.header=false")


def test_relative_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """Paths in the file are found from its folder; URLs stay as they are."""
    config = load(tmp_path, FULL)
    assert config.input.patterns == {None: (str(tmp_path / "data/flights-*.csv"), "gs://bucket/more.csv")}
    assert config.input.schema == str(tmp_path / "schemas/flights.pbtxt")
    assert config.features["carrier"] == {"kind": "vocabulary", "file": str(tmp_path / "carriers.txt")}


def test_a_file_in_the_current_folder_gives_short_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration named without a folder leaves its paths as they are written."""
    write(tmp_path, SMALL)
    monkeypatch.chdir(tmp_path)
    assert load_config("pipeline.toml").input.files == ("a.csv",)


def test_a_home_folder_is_expanded() -> None:
    """A tilde stands for the home folder."""
    assert resolve_path("~/a.csv", "conf/p.toml") == os.path.expanduser("~/a.csv")


def test_paths_on_the_command_line_are_relative_to_the_current_folder(tmp_path: Path) -> None:
    """`--output` and `--set` take paths as the shell sees them."""
    path = write(tmp_path, FULL)
    config = load_config(path, ["input.schema=other.pbtxt"], output="out")
    assert (config.input.schema, config.output.dir) == ("other.pbtxt", "out")


def test_files_by_split(tmp_path: Path) -> None:
    """Files may be assigned to splits; then rows aren't divided further."""
    config = load(tmp_path, SMALL.replace('"a.csv"', '{ train = "a.csv", eval = ["b.csv", "c.csv"] }'))
    assert config.input.patterns == {
        "train": (str(tmp_path / "a.csv"),),
        "eval": (str(tmp_path / "b.csv"), str(tmp_path / "c.csv")),
    }
    assert config.splits == ("train", "eval")


def test_a_config_pickles(tmp_path: Path) -> None:
    """A configuration can be sent to another process."""
    config = load(tmp_path, FULL)
    assert pickle.loads(pickle.dumps(config)) == config


def test_resolved_is_independent_of_the_output_folder(tmp_path: Path) -> None:
    """The manifest's copy of the settings doesn't change with the place that the run is written to."""
    path = write(tmp_path, FULL)
    assert load_config(path, output="one").resolved() == load_config(path, output="two").resolved()
    assert load_config(path).resolved()["output"]["rows_per_shard"] == 1000


def test_the_examples_are_valid() -> None:
    """The configurations that ship with the package load."""
    from shardmill import pipelines

    examples = sorted((Path(pipelines.__file__).parent / "demo").glob("*.toml"))
    assert examples
    for path in examples:
        assert load_config(str(path)).features


def test_functions(tmp_path: Path) -> None:
    """A function's file is relative to the configuration's folder; labels are one name or several."""
    config = tmp_path / "p.toml"
    config.write_text('preprocessing_fn = "my/f.py:f"\nlabel = "y"\n[input]\nfiles = "a.csv"\n')
    loaded = load_config(str(config))
    assert loaded.preprocessing_fn == f"{tmp_path}/my/f.py:f"
    assert loaded.labels == ("y",)
    assert loaded.features == {}
    assert loaded.resolved()["label"] == ["y"]
    config.write_text('preprocessing_fn = "f.py:f"\nlabel = ["y", "z"]\n[input]\nfiles = "a.csv"\n')
    assert load_config(str(config)).labels == ("y", "z")
    config.write_text('derive = "f.py:f"\n' + SMALL)
    assert load_config(str(config)).derive == f"{tmp_path}/f.py:f"


def test_environment_variables_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`${NAME}` in a path of the file is the variable's value, which may be an address; other text is left alone."""
    monkeypatch.setenv("BUCKET", "gs://bucket")
    monkeypatch.setenv("DAY", "2013-01")
    text = """
[input]
files = ["${BUCKET}/${DAY}/*.csv", "data/$DAY.csv"]
schema = "${DAY}/s.pbtxt"
null_values = ["${DAY}"]
[features]
x = { kind = "vocabulary", file = "${DAY}.txt" }
[output]
dir = "out/${DAY}"
"""
    config = load(tmp_path, text)
    assert config.input.files == ("gs://bucket/2013-01/*.csv", str(tmp_path / "data/$DAY.csv"))
    assert config.input.schema == str(tmp_path / "2013-01/s.pbtxt")
    assert config.input.dialect.null_values == ("${DAY}",)
    assert config.features["x"] == {"kind": "vocabulary", "file": str(tmp_path / "2013-01.txt")}
    assert config.output.dir == str(tmp_path / "out/2013-01")


def test_infinite_numbers_by_column(tmp_path: Path) -> None:
    """A column's own setting goes before that of all; without either they are kept."""
    config = load(tmp_path, SMALL, "input.infinite=missing", 'input.columns."a b".infinite=reject')
    assert [config.input.infinite_of(name) for name in ("a b", "x")] == ["reject", "missing"]
    assert config.resolved()["input"]["columns"] == {"a b": {"infinite": "reject"}}
    assert load(tmp_path, SMALL).input.infinite_of("x") == "keep"
    for setting, message in (
        ("input.infinite=drop", "--set input.infinite: expected 'keep' or 'missing' or 'reject', received 'drop'"),
        ("input.columns.x.infinite=0", "--set input.columns.x.infinite: expected 'keep' or 'missing' or 'reject'"),
        ("input.columns.x.infinity=missing", "input.columns.x.infinity: unknown key; did you mean 'infinite'?"),
        ("input.columns.x=missing", "input.columns.x: expected a table, received 'missing'"),
    ):
        with pytest.raises(ConfigError, match=re.escape(message)):
            load(tmp_path, SMALL, setting)
