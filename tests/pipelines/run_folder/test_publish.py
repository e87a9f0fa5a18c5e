"""Output appears all at once or not at all."""

import contextlib
import errno
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardmill.pipelines.run_folder.output_folder import check_apart, check_output_folder
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import OutputError
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files
from shardmill.transforms.files.makers import machine
from tests.support.runs import FINISHED
from tests.support.stores.remote_files import SCHEME


def _finish(output: Path, text: str, *, overwrite: bool = False) -> None:
    with work_folder(str(output), overwrite=overwrite) as work:
        Path(work, "shard").write_text(text)
        Path(work, "manifest.json").write_bytes(FINISHED)
        publish(work, str(output), overwrite=overwrite)


@contextlib.contextmanager
def _finishing() -> Iterator[None]:
    """While an interruption is to have no effect; one that has would end pytest."""
    try:
        yield
    except KeyboardInterrupt:
        pytest.fail("interrupted")


def test_a_run_appears_under_its_name_at_the_end(tmp_path: Path) -> None:
    """Until it is published nothing stands at the output; then all of it does, and nothing else."""
    output = tmp_path / "deep" / "run"
    with work_folder(f"{output}/", overwrite=False) as work:
        Path(work, "shard").write_text("x")
        assert not output.exists()
        publish(work, str(output), overwrite=False)
    assert sorted(path.name for path in output.iterdir()) == ["_SUCCESS", "shard"]
    assert list(output.parent.iterdir()) == [output]


@pytest.mark.parametrize("keep", [False, True])
def test_a_failed_run_leaves_nothing(tmp_path: Path, keep: bool) -> None:
    """What a run that fails has written is removed; a template that can't be made leaves nothing either."""
    with pytest.raises(IsADirectoryError), work_folder(str(tmp_path / "run"), overwrite=False, keep=keep) as work:
        _write_and_fail(Path(work))
    assert list(tmp_path.iterdir()) == []


def _write_and_fail(work: Path) -> None:
    (work / "shard").write_text("x")
    work.read_bytes()


def test_a_finished_run_is_kept(tmp_path: Path) -> None:
    """A finished run is replaced with `overwrite` only, and then wholly."""
    output = tmp_path / "run"
    _finish(output, "first")
    with pytest.raises(
        OutputError, match="holds a finished run; choose another --output, or replace it with --overwrite"
    ):
        _finish(output, "second")
    assert (output / "shard").read_text() == "first"
    _finish(output, "second", overwrite=True)
    assert (output / "shard").read_text() == "second"
    assert list(tmp_path.iterdir()) == [output]


def test_what_was_published_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of runs on two machines into one folder the first to end is kept; the other is told so, and leaves nothing."""
    output = tmp_path / "run"
    with work_folder(str(output), overwrite=False) as work:
        monkeypatch.setattr(socket, "gethostname", lambda: "elsewhere")
        _finish(output, "first")
        with pytest.raises(OutputError, match="holds a finished run"):
            publish(work, str(output), overwrite=False)
    assert (output / "shard").read_text() == "first"
    assert list(tmp_path.iterdir()) == [output]


@pytest.mark.parametrize("old", [False, True])
def test_a_place_that_is_taken_at_the_last_moment_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool
) -> None:
    """A run that another machine publishes between the look at the output and the renaming is kept, and nothing else is left."""
    output = tmp_path / "run"
    if old:
        _finish(output, "old")
    rename = files.rename

    def overtake(source: str, target: str) -> None:
        if target == str(output) and not source.endswith("-replaced"):
            output.mkdir()
            (output / "shard").write_text("other")
        rename(source, target)

    monkeypatch.setattr(files, "rename", overtake)
    with pytest.raises(OutputError, match=f"another run was published to '{output}' at this moment; choose another"):
        _finish(output, "new", overwrite=True)
    assert (output / "shard").read_text() == "other"
    assert list(tmp_path.iterdir()) == [output]


def test_a_failed_overwrite_keeps_the_old_run(tmp_path: Path) -> None:
    """When the run that should replace another fails, the other stays."""
    output = tmp_path / "run"
    _finish(output, "first")
    with pytest.raises(ZeroDivisionError), work_folder(str(output), overwrite=True):
        raise ZeroDivisionError
    assert (output / "shard").read_text() == "first"


def test_a_folder_that_is_no_run_is_left_alone(tmp_path: Path) -> None:
    """A folder with other files in it isn't replaced, not even with `overwrite`."""
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(OutputError, match="exists and isn't a finished run, so it isn't replaced"):
        _finish(tmp_path, "x", overwrite=True)
    assert (tmp_path / "precious.txt").exists()


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b'{"format": 1}'])
def test_another_programs_mark_makes_no_run(tmp_path: Path, manifest: bytes | None) -> None:
    """Spark and Hadoop, too, leave a `_SUCCESS` beside what they write: nothing of theirs is replaced."""
    (tmp_path / "part-00000.csv").write_text("x")
    (tmp_path / "_SUCCESS").touch()
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    with pytest.raises(OutputError, match="exists and isn't a finished run, so it isn't replaced"):
        _finish(tmp_path, "x", overwrite=True)
    assert (tmp_path / "part-00000.csv").exists()


def test_input_in_the_output_folder_is_left_alone(tmp_path: Path) -> None:
    """Input that a run would replace is named, by a link to it, too; a folder beside with a longer name is another."""
    (tmp_path / "run").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    for path in ("run/a.csv", "link/deep/a.csv"):
        with pytest.raises(OutputError, match=f"the input '{tmp_path}/{path}' is in the output folder .*/run', which"):
            check_apart([InputFile(f"{tmp_path}/{path}", 1)], f"{tmp_path}/run")
    with pytest.raises(
        OutputError, match=r"the input 's3://bucket/run/a.csv' is in the output folder 's3://bucket/run/'"
    ):
        check_apart([InputFile("s3://bucket/run/a.csv", 1)], "s3://bucket/run/")
    check_apart([InputFile(f"{tmp_path}/running/a.csv", 1)], f"{tmp_path}/run")


def test_an_old_run_stays_where_the_new_one_cannot_take_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Renaming may fail between the old run and the new one: the old one gets its name back."""
    output = tmp_path / "run"
    _finish(output, "first")
    rename = files.rename

    def fail(source: str, target: str) -> None:
        if target == str(output) and not source.endswith("-replaced"):
            raise OSError(errno.EROFS, "read-only file system")
        rename(source, target)

    monkeypatch.setattr(files, "rename", fail)
    with pytest.raises(OutputError, match=r"read-only file system; nothing was published"):
        _finish(output, "second", overwrite=True)
    assert (output / "shard").read_text() == "first"
    assert list(tmp_path.iterdir()) == [output]


def test_an_old_run_gets_its_name_back_from_a_killed_one(tmp_path: Path) -> None:
    """A run that is killed just when it takes an old one's name has moved that aside: the next run finds the old one."""
    output = tmp_path / "run"
    _finish(output, "first")
    output.rename(tmp_path / f"run.incomplete-{machine()}-{2**22 + 1}-0123abcd-replaced")
    with pytest.raises(OutputError, match="holds a finished run"):
        _finish(output, "second")
    assert (output / "shard").read_text() == "first"
    assert list(tmp_path.iterdir()) == [output]


def test_an_old_run_that_is_being_removed_never_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed while it removes the old one leaves half of that, which no later run takes for a finished one."""
    output = tmp_path / "run"
    _finish(output, "first")
    monkeypatch.setattr(socket, "gethostname", lambda: "machine")
    monkeypatch.setattr(shutil, "rmtree", lambda path, **_: Path(path, "shard").unlink())
    monkeypatch.setattr(os, "getpid", lambda: 2**22 + 1)
    _finish(output, "second", overwrite=True)
    monkeypatch.undo()
    monkeypatch.setattr(socket, "gethostname", lambda: "machine")
    assert len(list(tmp_path.iterdir())) == 2
    output.rename(tmp_path / "moved")
    _finish(output, "third")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved", "run"]
    assert (output / "shard").read_text() == "third"


@pytest.mark.parametrize("scheme", ["", f"{SCHEME}://"], ids=["renamed", "copied"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_published_run_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, error: type[BaseException]
) -> None:
    """What fails or is interrupted when only the work folder or the old run is left to be removed isn't told as a failed run."""
    output = tmp_path / "run"
    _finish(output, "first")
    remove = files.remove

    def fail(path: str) -> None:
        if (output / "_SUCCESS").exists() and "incomplete" in path and "probe" not in path:
            raise error
        remove(path)

    with _finishing(), work_folder(f"{scheme}{output}", overwrite=True) as work:
        for name, text in (("shard", b"second"), ("manifest.json", FINISHED)):
            with files.create(f"{work}/{name}") as stream:
                stream.write(text)
        monkeypatch.setattr(files, "remove", fail)
        publish(work, f"{scheme}{output}", overwrite=True)
    assert (output / "shard").read_text() == "second"
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("old", [False, True])
def test_a_run_that_has_its_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: bool) -> None:
    """An interruption that comes just when a run has got its name takes that from it no more."""
    output = tmp_path / "run"
    if old:
        _finish(output, "first")
    rename = files.rename

    def interrupt(source: str, target: str) -> None:
        rename(source, target)
        if target == str(output):
            raise KeyboardInterrupt

    monkeypatch.setattr(files, "rename", interrupt)
    with _finishing():
        _finish(output, "second", overwrite=True)
    assert (output / "shard").read_text() == "second"
    assert list(tmp_path.iterdir()) == [output]


def test_a_mount_point_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that can't be renamed, as a volume in a container, is named before any work is done; a folder in it is taken."""
    monkeypatch.setattr(os.path, "ismount", lambda path: path == str(tmp_path))
    with pytest.raises(OutputError, match=f"'{tmp_path}' is a mount point, .* such as '{tmp_path}/run'"):
        _finish(tmp_path, "x")
    _finish(tmp_path / "run", "x")


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    """An empty folder at the output is no hindrance."""
    output = tmp_path / "run"
    output.mkdir()
    _finish(output, "x")
    assert (output / "_SUCCESS").exists()


def test_a_file_at_the_output_is_an_error(tmp_path: Path) -> None:
    """A file where the folder should be is named."""
    output = tmp_path / "run"
    output.write_text("x")
    with pytest.raises(OutputError, match="is a file; choose another"):
        _finish(output, "x")


def test_an_output_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A parent that is no folder gives one message with the system's reason."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"can't write .*: Not a directory"):
        _finish(tmp_path / "file" / "run", "x")


def test_a_number_that_another_process_has_now_is_no_run(tmp_path: Path) -> None:
    """A live process that began long after a work folder was changed last hasn't made it."""
    left = tmp_path / f"run.incomplete-{machine()}-{os.getppid()}-0123abcd"
    left.mkdir()
    os.utime(left, (0, 0))
    _finish(tmp_path / "run", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_folder_that_a_live_run_writes_is_refused(tmp_path: Path) -> None:
    """A second run into an output that another process of this machine is at work on is told so at once, and disturbs nothing."""
    live = tmp_path / f"run.incomplete-{machine()}-{os.getppid()}-0123abcd"
    live.mkdir()
    message = f"another run is writing the output folder .*: process {os.getppid()} of this machine, in '{live}'; wait"
    for look in (check_output_folder, _finish_nothing):
        with pytest.raises(OutputError, match=message):
            look(str(tmp_path / "run"), overwrite=True)
    assert list(tmp_path.iterdir()) == [live]


def _finish_nothing(output: str, *, overwrite: bool) -> None:
    with work_folder(output, overwrite=overwrite):
        pass


def test_another_run_of_this_process_is_alive(tmp_path: Path) -> None:
    """Two runs of one process don't take each other for one that had its number before; each output has its own."""
    with work_folder(str(tmp_path / "a"), overwrite=False) as work:
        _finish(tmp_path / "b", "x")
        with pytest.raises(OutputError, match=f"another run is writing .*: process {os.getpid()} of this machine"):
            _finish(tmp_path / "a", "x")
        assert Path(work).is_dir()


@pytest.mark.parametrize("name", ["run", "run [1]*"])
def test_work_folders_of_dead_runs_are_removed(tmp_path: Path, name: str) -> None:
    """What killed runs left beside the output goes at the next run, whatever its name and theirs; a live run's folder stays."""
    dead = f"{name}.incomplete-{machine()}-{2**22 + 1}-0123abcd"
    other = f"other.incomplete-{machine()}-{2**22 + 1}-0123abcd"
    live = f"other.incomplete-{machine()}-{os.getppid()}-0123abcd"
    for folder in (
        live,
        dead,
        other,
        *(f"{dead}-{end}" for end in ("parts", "removed", "replaced", "replaced-removed")),
    ):
        (tmp_path / folder).mkdir()
    (tmp_path / name).mkdir()
    _finish(tmp_path / name, "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([name, live])


def test_work_folders_of_other_machines_are_left(tmp_path: Path) -> None:
    """Not even where another's name begins with this one's is a live run's folder taken for a dead one's."""
    other = tmp_path / f"run.incomplete-{machine()}-{2**22 + 1}-4242-0123abcd"
    other.mkdir()
    _finish(tmp_path / "run", "x")
    assert other.exists()


def test_a_work_folder_is_new(tmp_path: Path) -> None:
    """In a container that is started again a run has the process number of the one that was killed, but nothing of its files."""
    left = tmp_path / f"run.incomplete-{machine()}-{os.getpid()}-0123abcd"
    left.mkdir()
    (left / "stale").touch()
    _finish(tmp_path / "run", "x")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["_SUCCESS", "manifest.json", "shard"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
