"""Standard error of a process whose workers are threads: one of them speaks for all."""

import threading
from typing import Any, TextIO


class OneThread:
    """A stream that the thread which makes it may write to; what others write is dropped.

    Workers of a job that has failed or was interrupted print tracebacks until the process has ended. What failed is said once, by the
    error.
    """

    def __init__(self, stream: TextIO) -> None:
        """Stores it.

        Args:
            stream: Where to write.
        """
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str, /) -> int:
        """Writes what this thread says."""
        return self._stream.write(text) if threading.get_ident() == self._thread else len(text)

    def __getattr__(self, name: str) -> Any:
        """All else is as the stream has it."""
        return getattr(self._stream, name)
