"""How failures are told: one message each; with `--debug` a traceback, and all that libraries say."""

import functools
import logging
import sys
import traceback
from types import TracebackType

import typer

from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.console.stderr import OneThread
from shardmill.schemas.errors import ShardmillError

# Red means failure, here and in all that is printed.
_ERROR = typer.style("error:", fg="red", bold=True)


class FailureReports:
    """What a process says of failures.

    Attributes:
        debug: Whether all is told.
    """

    def __init__(self) -> None:
        """Changes nothing yet."""
        self.debug = False
        self._stderr = sys.stderr

    def tell_briefly(self) -> None:
        """From now on a failure is one message: no tracebacks, nothing that libraries log, nothing that other threads print."""
        self.debug = False
        self._stderr = sys.stderr
        sys.excepthook = _report_bug
        # Beam logs a failure several times over, with tracebacks; what failed is said once, by the error.
        logging.disable(logging.CRITICAL)
        sys.stderr = OneThread(sys.stderr)

    def tell_all(self) -> None:
        """Takes that back."""
        if not self.debug:
            self.debug = True
            sys.excepthook = sys.__excepthook__
            logging.disable(logging.NOTSET)
            sys.stderr = self._stderr

    def report(self, error: ShardmillError) -> None:
        """Tells a failure that explains itself."""
        if self.debug:
            typer.echo(printable(traceback.format_exc()), err=True, nl=False)
        # In colour on a terminal only.
        typer.echo(f"{_ERROR} {printable(str(error))}", err=True)


@functools.cache
def failure_reports() -> FailureReports:
    """This process's."""
    return FailureReports()


def _report_bug(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    text = " ".join(str(error).split())
    typer.echo(
        f"{_ERROR} {printable(f'{kind.__name__}: {text}')}\n"
        "This is a bug in shardmill, or a failure it doesn't know; `--debug` shows the traceback.",
        err=True,
    )
