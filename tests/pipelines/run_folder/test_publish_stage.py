"""What is done before a run gets its name."""

import contextlib
import json
import threading
from pathlib import Path

import pytest

from shardmill.pipelines.run_folder import publish_stage
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.publish_stage import tidy
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from tests.support.runs import FINISHED
from tests.support.stores.remote_files import SCHEME


def no_report(_work: str, _output: str) -> None:
    """Stands in for the report of a run that is none."""


def test_nothing_is_left_of_part_files(tmp_path: Path) -> None:
    """Not even where a worker that was given up makes new ones all the time: it can't any more."""
    work = tmp_path / "work"
    (work / "parts" / "derive" / "graph").mkdir(parents=True)
    (work / "parts" / "derive" / "graph" / "saved_model.pb").touch()
    (work / "manifest.json").write_text('{"rows": {"rejected": 1}}')
    failed = threading.Event()

    def write() -> None:
        with contextlib.suppress(OSError):
            for number in range(1_000_000):
                (work / "parts" / str(number)).touch()
        failed.set()

    threading.Thread(target=write, daemon=True).start()
    while not (work / "parts" / "100").exists():
        pass
    tidy(str(work))
    assert failed.wait(10)
    assert [path.name for path in work.iterdir()] == ["manifest.json"]
    assert list(tmp_path.iterdir()) == [work]


@pytest.mark.parametrize(("rejected", "left"), [(0, ["manifest.json"]), (1, ["manifest.json", "rejected"])])
def test_a_folder_for_rejected_rows_is_published_with_rows_alone(
    tmp_path: Path, rejected: int, left: list[str]
) -> None:
    """A run without rejected rows has no folder of them, not even an empty one."""
    (tmp_path / "rejected").mkdir()
    (tmp_path / "manifest.json").write_text(f'{{"rows": {{"rejected": {rejected}}}}}')
    tidy(str(tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == left


def test_part_files_that_cannot_be_removed_go_with_a_failed_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interruption while they are removed leaves nothing, neither in the work folder nor beside it."""
    remove = files.remove

    def interrupt(path: str) -> None:
        monkeypatch.setattr(files, "remove", remove)
        assert path.endswith("-parts")
        raise KeyboardInterrupt

    def run() -> None:
        with work_folder(str(tmp_path / "run"), overwrite=False) as work:
            Path(work, "parts").mkdir()
            Path(work, "parts", "part").touch()
            monkeypatch.setattr(files, "remove", interrupt)
            tidy(work)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["", f"{SCHEME}://"], ids=["renamed", "copied"])
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_templates_job_leaves_a_run_of_another(tmp_path: Path, scheme: str, overwrite: bool) -> None:
    """What was published after the template was written is replaced if the template was written with `overwrite`, and else named."""
    work, output = f"{scheme}{tmp_path}/out.incomplete", f"{scheme}{tmp_path}/out"
    for folder, manifest in (("out.incomplete", FINISHED.replace(b"{}", b'{"train": {}}')), ("out", FINISHED)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest.json").write_bytes(manifest)
        (tmp_path / folder / "shard").write_text(folder)
    (tmp_path / "out" / "_SUCCESS").touch()
    with contextlib.nullcontext() if overwrite else pytest.raises(OutputError, match="run that this job hasn't made"):
        publish_stage._publish(None, work, output, "dataflow", no_report, overwrite=overwrite)
    assert (tmp_path / "out" / "shard").read_text() == ("out.incomplete" if overwrite else "out")
    assert (tmp_path / "out.incomplete" / "shard").exists() == (not overwrite)


def test_a_templates_job_takes_its_own_run_for_its_own(tmp_path: Path) -> None:
    """An attempt that has published and was ended before it removed the work folder isn't in the way of the next."""
    work, output = f"{SCHEME}://{tmp_path}/out.incomplete", f"{SCHEME}://{tmp_path}/out"
    (tmp_path / "out.incomplete").mkdir()
    (tmp_path / "out.incomplete" / "manifest.json").write_bytes(FINISHED)
    for _ in range(2):
        publish(work, output, overwrite=False, alone=False)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["_SUCCESS", "manifest.json"]


@pytest.mark.parametrize("left", ["nothing", "a file"])
def test_publishing_again_changes_nothing(tmp_path: Path, left: str) -> None:
    """An attempt at publishing that another one has been faster than takes nothing away, whatever it finds left."""
    work, output = tmp_path / "out.incomplete", tmp_path / "out"
    (work / "parts").mkdir(parents=True)
    (work / "manifest.json").write_text('{"rows": {"rejected": 1}}')
    publish_stage._publish(None, str(work), str(output), "dataflow", no_report)
    assert sorted(path.name for path in output.iterdir()) == ["_SUCCESS", "manifest.json"]
    assert json.loads((output / "manifest.json").read_text())["engine"] == "dataflow"
    if left == "a file":
        work.mkdir()
        (work / "train-00000-of-00001.tfrecord.gz").touch()
    publish_stage._publish(None, str(work), str(output), "dataflow", no_report)
    assert sorted(path.name for path in output.iterdir()) == ["_SUCCESS", "manifest.json"]
    assert not work.exists()
