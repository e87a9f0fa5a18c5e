"""Progress: bars on a terminal, lines elsewhere."""

import contextlib
import io
import re
from collections.abc import Iterator

import pytest
from rich.console import Console
from rich.progress import TaskID

from shardmill.pipelines.console.progress import LINE_SECONDS, Progress, figures
from shardmill.transforms.workers import phases


@pytest.fixture(autouse=True)
def _clean_tally() -> Iterator[None]:
    phases.reset()
    yield
    phases.reset()


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
        phases.add("analyze", 1234, 60)
        phases.start("trace")
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
        phases.add("analyze", 10, 99)
        phases.add("transform", 1, 1)
        progress._update()
        assert [task.finished for task in progress._bars.tasks] == [True, True, False]


def test_phases_without_bytes_arent_announced() -> None:
    """Phases are announced in their order; one of 0 bytes isn't, one of unknown size is."""
    progress = Progress(console=terminal())
    progress.announce({"scan": 0, "analyze": 100, "write": None})
    assert [(task.description, task.total) for task in progress._bars.tasks] == [("analyze", 100), ("write", None)]


def test_a_phase_may_be_announced_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run announces phases also while the bars are brought up to date."""
    progress = Progress(console=terminal())
    for name in ("analyze", "transform"):
        progress.phase(name, 100)
        phases.add(name, 1, 1)
    start = progress._bars.start_task

    def announce(task: TaskID) -> None:
        start(task)
        progress.phase(f"after {task}")

    monkeypatch.setattr(progress._bars, "start_task", announce)
    progress._update()
    assert list(progress._tasks) == ["analyze", "transform", "after 1", "after 0"]


def test_the_first_line_is_there_at_once() -> None:
    """Before anything is counted or imported, on a terminal and elsewhere."""
    for console in (terminal(), Console(file=io.StringIO())):
        with Progress(console=console):
            assert "start" in shown(console)


def test_figures_are_labelled() -> None:
    """Percent, rows, MB a second, and which time has passed and which is left."""
    progress = Progress(console=terminal())
    now = [0.0]
    progress._bars.get_time = lambda: now[0]
    progress.phase("analyze", 8_000_000)
    task = progress._bars.tasks[0]
    progress._bars.start_task(task.id)
    now[0] = 65.0
    progress._bars.update(task.id, completed=2_000_000, rows=1234)
    assert figures(task) == "25 % of 8.0 MB, 1,234 rows, elapsed 1:05, left 3:15"
    progress._bars.update(task.id, of_rows=5000, total=2_000_000_000, completed=500_000_000)
    assert figures(task) == "25 % of 2.0 GB, 1,234 of 5,000 rows, 7.7 MB/s, elapsed 1:05, left 3:15"
    now[0] = 7384.0
    progress._complete(task.id, 9, 8_000_000_000)
    assert figures(task) == "9 rows, 1.1 MB/s, elapsed 2:03:04"


def test_a_rate_needs_a_second() -> None:
    """That of less is chance; one that is rounded to nothing says nothing."""
    progress = Progress(console=terminal())
    now = [0.0]
    progress._bars.get_time = lambda: now[0]
    progress.phase("analyze", 8_000_000)
    task = progress._bars.tasks[0]
    progress._bars.start_task(task.id)
    found = {}
    for now[0] in (0.5, 1.0, 100.0):
        progress._bars.update(task.id, completed=4_000_000)
        found[now[0]] = "MB/s" in figures(task)
    assert found == {0.5: False, 1.0: True, 100.0: False}


def test_only_a_failure_is_red() -> None:
    """Neither unfinished bars nor finished ones; of a run that fails the phase that it failed in is."""
    red = re.compile(r"\x1b\[(?:[0-9;]*;)?(31|91|38;2;249;38;114|38;5;197|38;5;161)m")
    console = terminal()
    with Progress(console=console) as progress:
        progress.phase("analyze", 100)
        phases.add("analyze", 1, 50)
        progress._update()
    assert not red.search(shown(console))
    with contextlib.suppress(KeyboardInterrupt), Progress(console=console):
        raise KeyboardInterrupt
    assert red.search(shown(console))


def test_quiet_shows_nothing() -> None:
    """With `quiet` nothing is written, on a terminal or elsewhere."""
    for console in (terminal(), Console(file=io.StringIO())):
        with Progress(quiet=True, console=console) as progress:
            progress.phase("analyze", 100)
            phases.add("analyze", 1, 1)
        assert shown(console) == ""


def test_off_a_terminal_each_phase_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line when a phase begins, and another one whenever 30 seconds have passed; no bars and no colours."""
    assert LINE_SECONDS == 30
    console = Console(file=io.StringIO(), width=20)
    with Progress(console=console) as progress:
        progress.phase("analyze", 8_000_000)
        phases.add("analyze", 10, 4_000_000)
        progress._update()
        progress._update()
        progress._line_at -= LINE_SECONDS
        progress._update()
        phases.start("write")
        progress._update()
    lines = shown(console).splitlines()
    assert [line.split()[1] for line in lines] == ["start", "analyze", "analyze:", "write"]
    assert "50 % of 8.0 MB, 10 rows" in lines[2]
    assert "\x1b" not in shown(console)


def test_a_later_pass_knows_the_number_of_rows() -> None:
    """It is that of the pass before; the first pass tells only its own."""
    progress = Progress(console=terminal())
    for name, rows in (("analyze", 50), ("transform", 20)):
        progress.phase(name, 100)
        phases.add(name, rows, 40)
        progress._update()
    assert [task.fields["of_rows"] for task in progress._bars.tasks] == [0, 50]


def test_phases_are_numbered_once_all_are_known() -> None:
    """Before that, the number of all isn't known; on a terminal and elsewhere."""
    for console in (terminal(), Console(file=io.StringIO())):
        phases.reset()
        with Progress(console=console) as progress:
            phases.start("infer")
            progress._update()
            assert "2/" not in shown(console)
            progress.announce({"analyze": 100, "write": None}, last=True)
            phases.start("analyze")
            progress._update()
        assert "3/4" in shown(console)


def test_a_notebooks_output_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command in a notebook writes to what looks like a terminal, but bars can't be drawn there."""
    monkeypatch.setenv("JPY_PARENT_PID", "1")
    console = terminal()
    with Progress(console=console) as progress:
        phases.start("analyze")
        progress._update()
    assert shown(console) == "0:00 start\n0:00 analyze\n"


def test_a_failure_passes_through() -> None:
    """An error inside leaves the terminal in order and isn't swallowed."""
    console = terminal()
    with pytest.raises(KeyboardInterrupt), Progress(console=console):
        raise KeyboardInterrupt
    assert shown(console).count("\x1b[?25h") == 1
