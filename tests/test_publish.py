"""Output appears all at once or not at all."""

import errno
import os
import socket
from pathlib import Path

import pytest

from pipelines.publish import check_apart, publish, work_folder
from schemas.errors import OutputError
from tests.runs import FINISHED
from transforms import files
from transforms.records import InputFile


def _finish(output: Path, text: str, *, overwrite: bool = False) -> None:
    with work_folder(str(output), overwrite=overwrite) as work:
        Path(work, "shard").write_text(text)
        Path(work, "manifest.json").write_bytes(FINISHED)
        publish(work, str(output), overwrite=overwrite)


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


def test_what_was_published_meanwhile_is_kept(tmp_path: Path) -> None:
    """Of two runs into one folder at a time the first to end is kept; the other is told so, and leaves nothing."""
    output = tmp_path / "run"
    with work_folder(str(output), overwrite=False) as work:
        _finish(output, "first")
        with pytest.raises(OutputError, match="holds a finished run"):
            publish(work, str(output), overwrite=False)
    assert (output / "shard").read_text() == "first"
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
    with pytest.raises(OutputError, match="exists and is no finished run, so it is left alone"):
        _finish(tmp_path, "x", overwrite=True)
    assert (tmp_path / "precious.txt").exists()


@pytest.mark.parametrize("manifest", [None, b"", b"[]", b'{"format": 1}'])
def test_another_programs_mark_makes_no_run(tmp_path: Path, manifest: bytes | None) -> None:
    """Spark and Hadoop, too, leave a `_SUCCESS` beside what they write: nothing of theirs is replaced."""
    (tmp_path / "part-00000.csv").write_text("x")
    (tmp_path / "_SUCCESS").touch()
    if manifest is not None:
        (tmp_path / "manifest.json").write_bytes(manifest)
    with pytest.raises(OutputError, match="exists and is no finished run, so it is left alone"):
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
    with pytest.raises(OutputError, match=r"read-only file system. Nothing was published"):
        _finish(output, "second", overwrite=True)
    assert (output / "shard").read_text() == "first"
    assert list(tmp_path.iterdir()) == [output]


def test_an_old_run_gets_its_name_back_from_a_killed_one(tmp_path: Path) -> None:
    """A run that is killed just when it takes an old one's name has moved that aside: the next run finds the old one."""
    output = tmp_path / "run"
    _finish(output, "first")
    output.rename(tmp_path / f"run.incomplete-{socket.gethostname()}-{2**22 + 1}-0123abcd-replaced")
    with pytest.raises(OutputError, match="holds a finished run"):
        _finish(output, "second")
    assert (output / "shard").read_text() == "first"
    assert list(tmp_path.iterdir()) == [output]


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


@pytest.mark.parametrize("name", ["run", "run [1]*"])
def test_work_folders_of_dead_runs_are_removed(tmp_path: Path, name: str) -> None:
    """What a killed run left beside the output goes at the next run, whatever its name; a live run's folder stays."""
    dead = tmp_path / f"{name}.incomplete-{socket.gethostname()}-{2**22 + 1}"
    live = tmp_path / f"{name}.incomplete-{socket.gethostname()}-{os.getppid()}"
    for folder in (dead, live):
        folder.mkdir()
    _finish(tmp_path / name, "x")
    assert not dead.exists()
    assert live.exists()


def test_a_work_folder_is_new(tmp_path: Path) -> None:
    """In a container that is started again a run has the process number of the one that was killed, but nothing of its files."""
    left = tmp_path / f"run.incomplete-{socket.gethostname()}-{os.getpid()}"
    for folder in (left, tmp_path / f"{left.name}-0123abcd"):
        folder.mkdir()
        (folder / "stale").touch()
    _finish(tmp_path / "run", "x")
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["_SUCCESS", "manifest.json", "shard"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
