"""Lets a run clean up when a signal ends it."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

from shardmill.transforms.graph import process


@contextmanager
def terminable() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP interrupt the run like Ctrl-C.

    So the clean-up runs. SIGHUP does nothing where it is ignored.
    """

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (the form of a handler)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@contextmanager
def tracer_stops() -> Iterator[None]:
    """Stops the tracing process at an interruption.

    It would go on writing into a folder that is being removed.
    """
    try:
        yield
    except KeyboardInterrupt:
        process.shared().interrupt()
        raise
