"""Prints failures: one message each, tracebacks with `--debug`."""

import functools
import logging
import sys
import traceback
from types import TracebackType
from typing import TextIO, cast

import typer

from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.console.stderr import OneThread, WithoutSecrets, lasting
from shardmill.pipelines.run_folder import published
from shardmill.schemas.errors import ShardmillError

# Red means failure in all output.
_ERROR = typer.style("error:", fg="red", bold=True)


class FailureReports:
    """Decides how a process reports failures.

    Attributes:
        debug: Whether tracebacks and the logs of libraries are printed.
    """

    def __init__(self) -> None:
        """Leaves Python's own reports as they are."""
        self.debug = False
        self._stderr = sys.stderr
        # Messages go to this stream, whatever a thread of an interrupted job has redirected.
        self._messages = cast("TextIO", WithoutSecrets(sys.stderr))

    def tell_briefly(self) -> None:
        """Makes each failure one message.

        Tracebacks, the logs of libraries and the output of other threads are dropped.
        """
        self.debug = False
        published.folders.clear()
        self._stderr = sys.stderr
        self._messages = cast("TextIO", WithoutSecrets(lasting(sys.stderr)))
        sys.excepthook = _report_bug
        # Beam logs a failure several times, with tracebacks; the error itself is reported once.
        logging.disable(logging.CRITICAL)
        sys.stderr = OneThread(self._messages)

    def tell_all(self) -> None:
        """Undoes `tell_briefly`: everything is printed."""
        if not self.debug:
            self.debug = True
            sys.excepthook = sys.__excepthook__
            logging.disable(logging.NOTSET)
            sys.stderr = self._messages

    def report(self, error: ShardmillError) -> None:
        """Prints an error's message, after its traceback with `--debug`."""
        if self.debug:
            typer.echo(printable(traceback.format_exc()), self._messages, nl=False)
        # In colour on a terminal only.
        typer.echo(f"{_ERROR} {printable(str(error))}", self._messages)

    def report_interruption(self) -> None:
        """Prints that the user interrupted the command.

        It says whether a run had been published before.
        """
        come_to = ": nothing was published"
        if published.folders:
            come_to = f", after the run was published: it is whole, in {', '.join(map(repr, published.folders))}"
        typer.echo(printable(f"interrupted{come_to}"), self._messages)


@functools.cache
def failure_reports() -> FailureReports:
    """Returns this process's failure reports."""
    return FailureReports()


def _report_bug(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    text = " ".join(str(error).split())
    typer.echo(
        f"{_ERROR} {printable(f'{kind.__name__}: {text}')}\n"
        "This is a bug in shardmill, or an unexpected failure; `--debug` shows the traceback.",
        err=True,
    )
