"""Progress bars: on a terminal only."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.progress import TaskID

from pipelines.progress import Progress
from transforms import tally


@pytest.fixture(autouse=True)
def _clean_tally() -> Iterator[None]:
    tally.reset()
    yield
    tally.reset()


def terminal() -> Console:
    """A console that takes itself for a terminal."""
    return Console(file=io.StringIO(), force_terminal=True, width=120)


def shown(console: Console) -> str:
    """What was written to a console."""
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_phases_are_shown_with_rows_and_rate() -> None:
    """Each phase's line has its name, its rows and its rate; a phase that wasn't announced appears when it is counted."""
    console = terminal()
    with Progress(console=console) as progress:
        progress.phase("analyze", 100)
        tally.add("analyze", 1234, 60)
        tally.start("trace")
    text = shown(console)
    assert "analyze" in text
    assert "1,234 rows" in text
    assert "trace" in text


def test_a_phase_is_over_when_the_next_begins() -> None:
    """A phase that has counted a little less than its size is complete once a later one counts."""
    console = terminal()
    with Progress(console=console) as progress:
        for name in ("analyze", "transform"):
            progress.phase(name, 100)
        tally.add("analyze", 10, 99)
        tally.add("transform", 1, 1)
        progress._update()
        assert [task.finished for task in progress._bars.tasks] == [True, False]


def test_a_phase_may_be_announced_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run announces phases also while the bars are brought up to date."""
    progress = Progress(console=terminal())
    for name in ("analyze", "transform"):
        progress.phase(name, 100)
        tally.add(name, 1, 1)
    start = progress._bars.start_task

    def announce(task: TaskID) -> None:
        start(task)
        progress.phase(f"after {task}")

    monkeypatch.setattr(progress._bars, "start_task", announce)
    progress._update()
    assert list(progress._tasks) == ["analyze", "transform", "after 1", "after 0"]


def test_quiet_shows_nothing() -> None:
    """With `quiet` nothing is written, even on a terminal."""
    console = terminal()
    with Progress(quiet=True, console=console) as progress:
        progress.phase("analyze", 100)
        tally.add("analyze", 1, 1)
    assert shown(console) == ""


def test_off_a_terminal_nothing_is_shown() -> None:
    """Logs and pipes get no bars."""
    console = Console(file=io.StringIO())
    with Progress(console=console) as progress:
        progress.phase("analyze", 100)
        tally.add("analyze", 1, 1)
    assert shown(console) == ""


def test_a_failure_passes_through() -> None:
    """An error inside leaves the terminal in order and isn't swallowed."""
    console = terminal()
    with pytest.raises(KeyboardInterrupt), Progress(console=console):
        raise KeyboardInterrupt
    assert shown(console).count("\x1b[?25h") == 1
