"""Standard error without secrets, and of one thread only."""

import os
import threading
from typing import Any, TextIO

from shardmill.transforms.stores.interface import without_secrets


def lasting(stream: TextIO) -> TextIO:
    """Copies a stream, so that redirections of it don't matter.

    Loading TensorFlow's library redirects standard error for a moment, in a thread that an
    interrupted process doesn't wait for: a message written meanwhile would be lost.

    Args:
        stream: The stream to copy. Without a file descriptor it is returned as it is.
    """
    try:
        descriptor = os.dup(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return stream
    return os.fdopen(descriptor, "w", buffering=1, encoding=stream.encoding, errors=stream.errors)


class WithoutSecrets:
    """A stream that hides passwords and keys in URLs.

    Tracebacks and logs of clients contain the URLs that the clients were given.
    """

    def __init__(self, stream: TextIO) -> None:
        """Wraps a stream.

        Args:
            stream: The stream to write to.
        """
        self._stream = stream

    def write(self, text: str, /) -> int:
        """Writes text with secrets replaced by dots.

        A secret that is split over two calls isn't found.
        """
        self._stream.write(without_secrets(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        """Returns the stream's other attributes."""
        return getattr(self._stream, name)


class OneThread:
    """A stream that drops what other threads write.

    Only the thread that makes it may write. Workers are threads, and those of a job that has failed
    or was interrupted print tracebacks until the process ends; the error itself is reported once.
    """

    def __init__(self, stream: TextIO | WithoutSecrets) -> None:
        """Wraps a stream for the current thread.

        Args:
            stream: The stream to write to.
        """
        self._stream = stream
        self._thread = threading.get_ident()

    def write(self, text: str, /) -> int:
        """Writes the text, if this thread is the owner."""
        return self._stream.write(text) if threading.get_ident() == self._thread else len(text)

    def __getattr__(self, name: str) -> Any:
        """Takes all other attributes from the stream."""
        return getattr(self._stream, name)
