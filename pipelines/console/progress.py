"""Progress of a run: bars on a terminal, lines elsewhere."""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.text import Text

from shardmill.transforms.workers import phases

_POLLS_PER_SECOND = 10
# Seconds between lines where there is no terminal.
LINE_SECONDS = 30.0
# The variable that Jupyter sets for commands of a notebook. Their output looks like a terminal but
# can't move its cursor up, so that bars would be drawn one below the other.
_NOTEBOOK = "JPY_PARENT_PID"
_MB = 1_000_000
_GB = 1_000_000_000
_MINUTE = 60
_HOUR = 3600


class Progress:
    """Shows a run's phases, counted in `transforms.workers.phases`.

    Use it as a context manager around the run. On a terminal each phase is a bar; elsewhere, as in
    a notebook, each phase prints a line, and another one every 30 s. With `quiet` only warnings are
    shown. Rows are counted for workers in this process only; for others it shows that the job is
    alive, and for how long. Red means failure, and nothing else does.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        # `sys.__stderr__`, since the command line replaces `sys.stderr` by one that drops what
        # other threads write, and such a thread draws the bars.
        self._console = console or Console(file=sys.__stderr__)
        self._shown = not quiet
        self._is_terminal = self._console.is_terminal and _NOTEBOOK not in os.environ
        self._bars = Bars(
            SpinnerColumn(style="cyan", finished_text="✓"),
            _NumberColumn(self._number),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20, complete_style="cyan", finished_style="green", pulse_style="cyan"),
            _FiguresColumn(),
            console=self._console,
            refresh_per_second=_POLLS_PER_SECOND,
            # Off a terminal lines are printed instead.
            disable=not (self._shown and self._is_terminal),
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="progress", daemon=True)
        self._begun = self._line_at = time.monotonic()
        self._running: str | None = None
        self._is_planned = False

    def __enter__(self) -> "Progress":  # noqa: PYI034  (typing.Self is newer than Python 3.10)
        if self._shown:
            self._begun = self._line_at = time.monotonic()
            self.phase(phases.START)
            self._bars.start_task(self._tasks[phases.START])
            self._running = phases.START
            self._bars.start()
            if not self._is_terminal:
                self._print_line(phases.START)
            self._poller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._stop.set()
            self._poller.join()
            if kind is None:
                self._finish()
            else:
                self._fail()
            self._bars.stop()

    def phase(self, name: str, total_bytes: int | None = None) -> None:
        """Announces a phase, or corrects its size.

        Its clock starts with its first count.

        Args:
            name: The phase's name in `transforms.workers.phases`, e.g. "analyze".
            total_bytes: The input's size; None where it isn't known or the phase has none.
        """
        if not self._shown:
            return
        with self._lock:
            if name in self._tasks:
                self._bars.update(self._tasks[name], total=total_bytes)
            else:
                self._tasks[name] = self._bars.add_task(name, total=total_bytes, start=False, rows=0, of_rows=0)

    def announce(self, phases: Mapping[str, int | None], *, last: bool = False) -> None:
        """Announces phases in their order, those without bytes left out.

        Args:
            phases: Each phase's bytes; None where they aren't known.
            last: Whether no others will follow, so that phases can be numbered.
        """
        for name, total in phases.items():
            if total != 0:
                self.phase(name, total)
        self._is_planned |= last

    def warn(self, text: str) -> None:
        """Prints a warning, also with `quiet`."""
        self._console.print(f"warning: {text}", markup=False, highlight=False, soft_wrap=True)

    def _poll(self) -> None:
        while not self._stop.wait(1 / _POLLS_PER_SECOND):
            self._update()

    def _update(self) -> None:
        """Updates bars and lines.

        A phase is over when one that was announced later has begun.
        """
        counted = phases.snapshot()
        for name in counted:
            if name not in self._tasks:
                self.phase(name)
        with self._lock:
            tasks = list(self._tasks.items())
        running = None
        for name, task in reversed(tasks):
            if name not in counted and name != phases.START:
                continue
            rows, size = counted.get(name, (0, 0))
            if not self._bars.tasks[task].started:
                self._bars.start_task(task)
            if running is None:
                running = name
                # A pass over the rows knows their number from those before.
                before = [rows for other, (rows, _) in counted.items() if other != name]
                self._bars.update(task, completed=size, rows=rows, of_rows=max(before, default=0))
            elif not self._bars.tasks[task].finished:
                self._complete(task, rows, size)
        if not self._is_terminal:
            self._print_lines(running)
        self._running = running

    def _complete(self, task: TaskID, rows: int, size: int) -> None:
        self._bars.update(task, total=max(size, 1), completed=max(size, 1), rows=rows)

    def _finish(self) -> None:
        self._update()
        for name, (rows, size) in {phases.START: (0, 0), **phases.snapshot()}.items():
            self._complete(self._tasks[name], rows, size)

    def _fail(self) -> None:
        if self._running is not None:
            self._bars.update(self._tasks[self._running], description=f"[red]{self._running}[/red]")

    def _number(self, task: TaskID) -> str:
        """Formats a phase's number once no others will follow."""
        return f"{task + 1}/{len(self._tasks)}" if self._is_planned else ""

    def _print_lines(self, running: str | None) -> None:
        if running is not None and running != self._running:
            number = self._number(self._tasks[running])
            self._print_line(f"{running} ({number})" if number else running)
        elif running is not None and time.monotonic() - self._line_at >= LINE_SECONDS:
            self._print_line(f"{running}: {figures(self._bars.tasks[self._tasks[running]])}")

    def _print_line(self, text: str) -> None:
        self._line_at = time.monotonic()
        self._console.print(
            f"{_clock(self._line_at - self._begun)} {text}", markup=False, highlight=False, soft_wrap=True
        )


class _NumberColumn(TextColumn):
    """The column with a phase's number of all."""

    def __init__(self, number: Callable[[TaskID], str]) -> None:
        super().__init__("")
        self._number = number

    def render(self, task: Task) -> Text:
        return Text(self._number(task.id), style="dim")


class _FiguresColumn(TextColumn):
    """The column with a phase's figures."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        return Text(figures(task))


def figures(task: Task) -> str:
    """Formats a phase's figures, as far as they are known.

    They are percent, bytes and rows done of all, MB a second, and the time elapsed and left.
    """
    spent = task.finished_time or task.elapsed or 0.0
    parts = []
    if task.total is not None and task.total > 1 and not task.finished:
        parts.append(f"{task.percentage:.0f} % of {_size(task.total)}")
    rows, of_rows = task.fields["rows"], task.fields["of_rows"]
    if rows:
        parts.append(f"{rows:,} of {of_rows:,} rows" if rows < of_rows and not task.finished else f"{rows:,} rows")
    # A phase that has no size is completed by a count of one. The rate of less than a second means
    # little, and so does one that is rounded to nothing.
    if task.completed > 1 and spent >= 1 and task.completed / spent >= _MB / 10:
        parts.append(f"{task.completed / spent / _MB:.1f} MB/s")
    if task.started and spent:
        parts.append(f"elapsed {_clock(spent)}")
    if task.started and not task.finished and task.total and task.completed > 1:
        parts.append(f"left {_clock(spent * max(0.0, task.total / task.completed - 1))}")
    return ", ".join(parts)


def _size(size: float) -> str:
    return f"{size / _GB:.1f} GB" if size >= _GB else f"{size / _MB:.1f} MB"


def _clock(seconds: float) -> str:
    """Formats seconds as minutes and seconds, with hours if any."""
    whole = int(seconds)
    hours = f"{whole // _HOUR}:" if whole >= _HOUR else ""
    return f"{hours}{whole % _HOUR // _MINUTE:0{2 if hours else 1}d}:{whole % _MINUTE:02d}"
