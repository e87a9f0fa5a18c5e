"""HDFS, against a server of its protocol: files are replaced and runs published by renaming."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.transforms.files import copying, files
from shardmill.transforms.files.makers import machine
from shardmill.transforms.stores.beam_store import BeamStore
from shardmill.transforms.stores.clients import store_of
from tests.support.runs import FINISHED, files_of, run_toml
from tests.support.stores import hdfs
from tests.support.stores.reading import read_range
from tests.support.stores.remote_files import SCHEME

pytestmark = pytest.mark.usefixtures("shared_tracer")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[hdfs.Hdfs]:
    """A server of an empty folder."""
    (tmp_path / "hdfs").mkdir()
    with hdfs.serve(tmp_path / "hdfs") as server:
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        yield server


def test_files_are_written_read_listed_and_removed(server: hdfs.Hdfs) -> None:
    """A file has what was written, in ranges too; folders within folders are walked and removed with all in them."""
    for name in ("a/b/c", "a/d", "a/e"):
        with files.create(f"hdfs://{name}") as stream:
            stream.write(b"" if name == "a/e" else name.encode())
    assert read_range("hdfs://a/b/c", 1, 9) == b"/b/c"
    assert files.walk("hdfs://a") == ["hdfs://a/b/c", "hdfs://a/d", "hdfs://a/e"]
    assert [found.path for found in input_files.list_files({None: ("hdfs://a/*",)})] == ["hdfs://a/d", "hdfs://a/e"]
    copying.copy_folder("hdfs://a", "hdfs://copy")
    assert (server.root / "copy/b/c").read_text() == "a/b/c"
    files.remove("hdfs://a")
    assert not files.exists("hdfs://a")
    with pytest.raises(DataError, match=r"can't read 'hdfs://a/d': No such file"):
        read_range("hdfs://a/d", 0, 1)


def test_a_file_is_copied_from_another_file_system(server: hdfs.Hdfs, tmp_path: Path) -> None:
    """Neither file system can copy it: its bytes pass through here."""
    (tmp_path / "a").write_text("x")
    copying.copy(f"{SCHEME}://{tmp_path}/a", "hdfs://b")
    assert (server.root / "b").read_text() == "x"
    copying.copy("hdfs://b", f"{SCHEME}://{tmp_path}/c")
    assert (tmp_path / "c").read_text() == "x"


def test_a_file_is_written_anew(server: hdfs.Hdfs) -> None:
    """HDFS writes no file that is there already: the old one is removed; a block that fails leaves none."""
    for text in (b"longer", b"short"):
        with files.create("hdfs://a") as stream:
            stream.write(text)
        assert (server.root / "a").read_bytes() == text

    def fail() -> None:
        with files.create("hdfs://b") as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in server.root.iterdir()] == ["a"]


def test_a_file_is_replaced_by_renaming(server: hdfs.Hdfs) -> None:
    """An attempt writes a file of its own in the scratch folder; one that fails leaves what was there."""
    files.make_folder("hdfs://out/parts")
    for text in (b"first", b"second"):
        with files.replacing("hdfs://out/a", "hdfs://out/parts") as stream:
            stream.write(text)
    assert (server.root / "out/a").read_bytes() == b"second"

    def fail() -> None:
        with files.replacing("hdfs://out/a", "hdfs://out/parts") as stream:
            stream.write(b"third")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (server.root / "out/a").read_bytes() == b"second"
    assert list((server.root / "out/parts").iterdir()) == []


def test_a_run_is_published_by_renaming(server: hdfs.Hdfs) -> None:
    """The work folder takes the output's name; a finished run is replaced with `overwrite` only."""

    def run(text: bytes, *, overwrite: bool = False) -> None:
        with work_folder("hdfs://runs/a", overwrite=overwrite) as work:
            for name, data in (("shard", text), ("manifest.json", FINISHED)):
                with files.create(f"{work}/{name}") as stream:
                    stream.write(data)
            publish(work, "hdfs://runs/a", overwrite=overwrite)

    run(b"first")
    with pytest.raises(OutputError, match="holds a finished run"):
        run(b"second")
    run(b"second", overwrite=True)
    assert (server.root / "runs/a/shard").read_bytes() == b"second"
    assert [path.name for path in (server.root / "runs").iterdir()] == ["a"]


def _write(work: str) -> None:
    for name in ("shard", "manifest.json"):
        with files.create(f"{work}/{name}") as stream:
            stream.write(FINISHED)


def test_of_two_runs_at_one_moment_one_is_published(server: hdfs.Hdfs, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends while another takes the output's name is refused: HDFS would move it into the other's folder."""
    rename = files.rename
    refused = []

    def overtaken(source: str, target: str) -> None:
        with pytest.raises(OutputError, match="another run is being published to 'hdfs://runs/a': process") as raised:
            publish(second, target, overwrite=False)
        refused.append(raised)
        rename(source, target)

    with (
        work_folder("hdfs://runs/a", overwrite=False) as second,
        work_folder("hdfs://runs/a", overwrite=False) as first,
    ):
        _write(first)
        _write(second)
        monkeypatch.setattr(files, "rename", overtaken)
        publish(first, "hdfs://runs/a", overwrite=False)
        monkeypatch.setattr(files, "rename", rename)
    assert len(refused) == 1
    assert sorted(path.name for path in (server.root / "runs/a").iterdir()) == ["_SUCCESS", "manifest.json", "shard"]
    assert [path.name for path in (server.root / "runs").iterdir()] == ["a"]


def test_one_of_several_makes_a_new_file(server: hdfs.Hdfs, monkeypatch: pytest.MonkeyPatch) -> None:
    """HDFS itself refuses to make a file that is there, though it wasn't when it was looked for; another error is told."""
    store = store_of("hdfs://a")
    assert isinstance(store, BeamStore)
    exists = iter((False, False, True))
    monkeypatch.setattr(store._system, "exists", lambda _: next(exists))
    assert store.create_new("hdfs://a", b"first")
    assert not store.create_new("hdfs://a", b"second")
    assert (server.root / "a").read_bytes() == b"first"
    monkeypatch.setattr(store._system, "exists", lambda _: False)
    with pytest.raises(OSError, match="already exists"):
        store.create_new("hdfs://a", b"third")


def test_an_old_run_gets_its_name_back_from_a_killed_one(server: hdfs.Hdfs) -> None:
    """A run on this machine that was killed when it had moved the old one aside: the next run finds the old one."""
    work = f"hdfs://runs/a.incomplete-{machine()}-{2**22 + 1}-0123abcd"
    _write(work)
    for name in ("manifest.json", "_SUCCESS"):
        with files.create(f"{work}-replaced/{name}") as stream:
            stream.write(FINISHED)
    claim = {"work": work, "host": machine(), "pid": 2**22 + 1, "since": time.time()}
    assert files.create_new("hdfs://runs/a.publishing", json.dumps(claim).encode())
    with pytest.raises(OutputError, match="holds a finished run"), work_folder("hdfs://runs/a", overwrite=False):
        pass
    assert [path.name for path in (server.root / "runs").iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["run[1]", "run*", "run?"])
def test_wildcards_in_a_folders_name_are_letters(server: hdfs.Hdfs, name: str) -> None:
    """What is in such a folder is found, and nothing in one that the name would match; it isn't replaced without `overwrite`."""
    for path in (server.root / name / "deep/[a]", server.root / "run1/b"):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    assert files.walk(f"hdfs://{name}") == [f"hdfs://{name}/deep/[a]"]
    assert files.exists(f"hdfs://{name}")
    with (
        pytest.raises(OutputError, match="exists and isn't a finished run"),
        work_folder(f"hdfs://{name}", overwrite=False),
    ):
        pass
    files.remove(f"hdfs://{name}")
    assert not files.exists(f"hdfs://{name}")
    assert files.walk("hdfs://run1") == ["hdfs://run1/b"]


def test_a_folder_is_replaced_by_none(server: hdfs.Hdfs) -> None:
    """Renaming replaces a file or an empty folder, but no folder with something in it, which another run may just have published."""
    for name in ("new/a", "old/b"):
        files.create(f"hdfs://{name}").close()
    files.make_folder("hdfs://empty/within")
    with pytest.raises(OSError, match="not empty"):
        files.rename("hdfs://new", "hdfs://old")
    assert files.walk("hdfs://old") == ["hdfs://old/b"]
    files.rename("hdfs://new", "hdfs://empty")
    files.rename("hdfs://empty/a", "hdfs://old/b")
    assert sorted(str(path.relative_to(server.root)) for path in server.root.rglob("*")) == ["empty", "old", "old/b"]


def test_a_job_runs_from_hdfs_to_hdfs(server: hdfs.Hdfs, tmp_path: Path) -> None:
    """Its shards, vocabularies and statistics are those of a local run."""
    text = "x,city\n" + "".join(f"{row / 7:.3f},{'Oslo' if row % 3 else 'Paris'}\n" for row in range(1000))
    for folder in (tmp_path, server.root):
        (folder / "a.csv").write_text(text)
    toml = '[input]\nfiles = ["{}/a.csv"]\n[features]\nx = "z_score"\ncity = "vocabulary"\n[output]\ndir = "{}"\n'
    run_toml(tmp_path, toml.format(tmp_path, "unused"))
    config = tmp_path / "hdfs.toml"
    config.write_text(toml.format("hdfs:/", "hdfs://run"))
    engine = choose_engine(None, server.beam_args, workers=2)
    run_module.run(load_config(str(config)), overwrite=False, engine=engine, progress=Progress(quiet=True))
    ours, theirs = files_of(server.root / "run"), files_of(tmp_path / "run")
    assert sorted(ours) == sorted(theirs)
    places = {"manifest.json", "report.html"}
    assert [name for name in ours if name not in places and ours[name] != theirs[name]] == []
    assert sorted(path.name for path in server.root.iterdir()) == ["a.csv", "run"]


def test_an_option_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its address nothing can be done, and the message says what is missing."""
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    with pytest.raises(ConfigError, match=r"can't use 'hdfs://a/\*\.csv': hdfs_host is not set"):
        input_files.list_files({None: ("hdfs://a/*.csv",)})
