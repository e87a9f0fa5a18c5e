"""What is done before a run gets its name."""

import contextlib
import threading
from pathlib import Path

import pytest

from pipelines.publishing import tidy


def test_nothing_is_left_of_part_files(tmp_path: Path) -> None:
    """Not even where a worker that was given up makes new ones all the time: it can't any more."""
    work = tmp_path / "work"
    (work / "parts").mkdir(parents=True)
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
