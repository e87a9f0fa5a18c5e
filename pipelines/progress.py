"""Progress bars of a run: phase, rows, rate and time left, on a terminal only."""

import sys
import threading
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, Task, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from transforms import tally

_POLLS_PER_SECOND = 10


class Progress:
    """Shows the phases of a run as they are counted in `transforms.tally`.

    Use it as a context manager around the run. Off a terminal, and with `quiet`, it shows nothing. Only the workers of this process
    are seen; for others the bars show that the job is alive and for how long.
    """

    def __init__(self, *, quiet: bool = False, console: Console | None = None) -> None:
        # The process's own: of `sys.stderr` the command line drops what threads write, and one of them draws the bars.
        self._console = console or Console(file=sys.__stderr__)
        self._shown = self._console.is_terminal and not quiet
        self._bars = Bars(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            _RowsColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            refresh_per_second=_POLLS_PER_SECOND,
        )
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="progress", daemon=True)

    def __enter__(self) -> "Progress":  # noqa: PYI034  (typing.Self is newer than Python 3.10)
        if self._shown:
            self._bars.start()
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
            self._bars.stop()

    def phase(self, name: str, total_bytes: int | None = None) -> None:
        """Announces a phase, or corrects its size; its clock starts with its first count.

        Args:
            name: As `transforms.tally` counts it, e.g. "analyze".
            total_bytes: The input's size; None where it isn't known or the phase has none.
        """
        if not self._shown:
            return
        with self._lock:
            if name in self._tasks:
                self._bars.update(self._tasks[name], total=total_bytes)
            else:
                self._tasks[name] = self._bars.add_task(name, total=total_bytes, start=False, rows=0)

    def warn(self, text: str) -> None:
        """Prints a warning, also with `quiet`."""
        self._console.print(f"warning: {text}", markup=False, highlight=False, soft_wrap=True)

    def _poll(self) -> None:
        while not self._stop.wait(1 / _POLLS_PER_SECOND):
            self._update()

    def _update(self) -> None:
        """Brings the bars up to date; a phase is over when one that was announced after it has begun."""
        counted = tally.snapshot()
        for name in counted:
            if name not in self._tasks:
                self.phase(name)
        with self._lock:
            tasks = list(self._tasks.items())
        ahead = True
        for name, task in reversed(tasks):
            if name not in counted:
                continue
            rows, size = counted[name]
            if not self._bars.tasks[task].started:
                self._bars.start_task(task)
            if ahead:
                self._bars.update(task, completed=size, rows=rows)
            elif not self._bars.tasks[task].finished:
                self._complete(task, rows, size)
            ahead = False

    def _complete(self, task: TaskID, rows: int, size: int) -> None:
        self._bars.update(task, total=max(size, 1), completed=max(size, 1), rows=rows)

    def _finish(self) -> None:
        self._update()
        for name, (rows, size) in tally.snapshot().items():
            self._complete(self._tasks[name], rows, size)


class _RowsColumn(TextColumn):
    """Rows so far, and rows a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: Task) -> Text:
        rows = task.fields["rows"]
        if not rows:
            return Text("")
        spent = task.finished_time or task.elapsed
        rate = f" {rows / spent:,.0f}/s" if spent else ""
        return Text(f"{rows:,} rows{rate}")
