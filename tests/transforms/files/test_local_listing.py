"""Local files by pattern: none is left out without a word, and what can't be read is named."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init import init
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.schemas.schema_pbtxt import load_schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.files import files
from shardmill.transforms.files.local_listing import list_local
from shardmill.transforms.read import Blocks, units_of
from tests.support.kinds import schema_of
from tests.support.permissions import bound, open_folder


@pytest.fixture
def tree() -> Iterator[Path]:
    """Files in folders of three levels, one called with brackets."""
    with open_folder() as folder:
        _fill(folder / "in")
        yield folder / "in"


def _fill(folder: Path) -> None:
    for name in ("a.csv", "b1.csv", "b2.txt", "x/a.csv", "y/z/a.csv", "y/z/c.csv", "y z/d[1].csv"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("1" * len(name))


@pytest.mark.parametrize(
    "pattern",
    ["*.csv", "*", "b?.*", "[!b]*.csv", "*/*.csv", "x/a.csv", "**", "**.csv", "y/**", "y*/**/a.csv", "y/*/[a-c].csv", "*/z/*",
     "no/*.csv", "a.csv/*", "none.csv"],
)  # fmt: skip
def test_patterns_match_as_beam_has_them(tree: Path, pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Beam's own matching finds of files, with their sizes; absolute, or relative to the current folder."""
    beam = {
        each.path: each.size_in_bytes
        for each in FileSystems.match([f"{tree}/{pattern}"])[0].metadata_list
        if os.path.isfile(each.path)
    }
    assert dict(list_local(f"{tree}/{pattern}")) == beam
    monkeypatch.chdir(tree)
    assert dict(list_local(pattern)) == {path.removeprefix(f"{tree}/"): size for path, size in beam.items()}


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["a.csv", "b1.csv"]),
        ("._*.csv", ["._a.csv"]),
        (".?a.csv", ["._a.csv"]),
        ("._a.csv", ["._a.csv"]),
        ("x/*", ["x/a.csv"]),
        ("**/a.csv", ["x/a.csv", "y/z/a.csv"]),
        ("**/.h.csv", ["x/.h.csv"]),
        ("*/h.csv", []),
        (".git/*", [".git/h.csv"]),
        (".git/**", [".git/h.csv"]),
        ("**/.git/**.csv", ["x/.git/h.csv"]),
    ],
)
def test_hidden_files_are_taken_only_where_the_pattern_says_so(tree: Path, pattern: str, found: list[str]) -> None:
    """Neither what macOS leaves beside a file nor what is in hidden folders is data, unless it is asked for with its dot."""
    for name in ("._a.csv", "x/.h.csv", ".git/h.csv", "x/.git/h.csv"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_text("")
    assert sorted(path for path, _ in list_local(f"{tree}/{pattern}")) == [f"{tree}/{name}" for name in found]


def test_linked_folders_are_looked_into(tree: Path) -> None:
    """A folder that is a link is matched like any other, as by the shell; below ** links aren't followed, so that no loop is."""
    (tree / "link").symlink_to(tree / "y")
    (tree / "y" / "loop").symlink_to(tree)
    assert f"{tree}/link/z/a.csv" in dict(list_local(f"{tree}/*/z/*.csv"))
    assert len(list_local(f"{tree}/y/**.csv")) == 2


def test_what_is_no_file_is_refused(tree: Path) -> None:
    """Folders alone, a pipe, which can't be read in several passes, and a link that leads nowhere."""
    with pytest.raises(
        DataError, match=r"/y' matches a folder, not a file; to read the files in it write '.*/y/\*\.csv'"
    ):
        list_local(f"{tree}/y")
    os.mkfifo(tree / "pipe")
    with pytest.raises(
        DataError, match=r"/pipe': expected a file, received a pipe or a device, .*; write what it gives"
    ):
        list_local(f"{tree}/pi*")
    (tree / "lost.csv").symlink_to(tree / "gone")
    with pytest.raises(
        DataError, match=r"can't list '.*/l\*\.csv': can't read '.*/lost\.csv': No such file or directory$"
    ):
        list_local(f"{tree}/l*.csv")


@pytest.mark.parametrize("mode", [0o000, 0o333, 0o666])
def test_a_folder_that_cannot_be_read_is_named(tree: Path, mode: int) -> None:
    """Neither listed, nor entered, nor both: the pattern that needs it ends, though others match, and one that doesn't is listed."""
    (tree / "y").chmod(mode)
    try:
        with bound():
            for pattern in ("y/*/*.csv", "*/*/*.csv", "**.csv", *(() if mode == 0o333 else ("y/z/a.csv",))):
                with pytest.raises(
                    DataError, match=r"can't list '.*': can't read '.*/y/?': Permission denied; let this user"
                ):
                    list_files({None: (f"{tree}/{pattern}",)})
            assert len(list_files({None: (f"{tree}/*.csv", f"{tree}/x/*.csv")})) == 3
    finally:
        (tree / "y").chmod(0o755)


def test_files_that_cannot_be_read_are_named(tree: Path) -> None:
    """Input, configuration, schema and vocabulary: each in one message with the file and the system's reason."""
    tokens = f'[input]\nfiles = "{tree}/a.csv"\n[features]\nx = {{ kind = "vocabulary", file = "{tree}/a.csv" }}\n'
    config = tree / "p.toml"
    config.write_text(tokens)
    # Once before: nobody may not import what reading it needs, where Python is in root's folder.
    features = load_config(str(config)).features
    (tree / "a.csv").chmod(0)
    with bound():
        (unit,) = units_of(list_files({None: (f"{tree}/a.csv",)}), Dialect(), Selection((), ()), map)
        with pytest.raises(DataError, match=r"can't read '.*/a\.csv': Permission denied"):
            list(Blocks(unit, Dialect(), Selection((), ())))
        with pytest.raises(ConfigError, match=r"can't read the schema '.*/a\.csv': Permission denied"):
            load_schema(f"{tree}/a.csv")
        with pytest.raises(ConfigError, match=r"a\.csv.*Permission denied"):
            parse_features(features, schema_of(x="bytes"))
    config.chmod(0)
    with (
        bound(),
        pytest.raises(ConfigError, match=r"can't read the configuration file '.*/p\.toml': Permission denied"),
    ):
        load_config(str(config))


def test_what_cannot_be_known_is_not_absent(tree: Path) -> None:
    """A file or run in a folder that may not be entered isn't taken for one that isn't there."""
    (tree / "y").chmod(0)
    try:
        with bound():
            with pytest.raises(DataError, match=r"can't read '.*/y/z/a\.csv': Permission denied"):
                files.size(f"{tree}/y/z/a.csv")
            with pytest.raises(DataError, match=r"can't read '.*/y/z': Permission denied"):
                FinishedRun.load(f"{tree}/y/z")
            with pytest.raises(OutputError, match=r"can't write '.*/y/p\.toml': Permission denied"):
                init.init([f"{tree}/a.csv"], f"{tree}/y/p.toml", Progress(quiet=True))
    finally:
        (tree / "y").chmod(0o755)
    assert files.size(f"{tree}/y") is files.size(f"{tree}/no/a.csv") is files.size(f"{tree}/a.csv/b") is None
