"""What is done before a run gets its name."""

import contextlib
import threading
from pathlib import Path

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
