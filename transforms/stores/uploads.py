"""Uploads to object stores.

A file of an object store appears when it is closed, so a failed one must be abandoned instead.
"""

import contextlib
import errno
import io
import sys
import threading
import weakref
from types import TracebackType
from typing import Any

from shardmill.transforms.stores.given_up import making
from shardmill.transforms.stores.interface import Writer

_opening = threading.Lock()
_open: "weakref.WeakSet[Upload]" = weakref.WeakSet()


class Upload(io.RawIOBase):
    """A new object as a stream.

    The object appears whole when the stream is closed. It doesn't appear at all if the `with` block
    fails, or if the upload is given up or never closed.
    """

    def __init__(self, writer: Writer, path: str) -> None:
        """Starts the upload.

        Args:
            writer: The writer that takes the bytes.
            path: The object's path.
        """
        super().__init__()
        self._writer = writer
        self._size = 0
        self.path = path
        with _opening:
            _open.add(self)

    def writable(self) -> bool:
        """Returns True."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self._size

    def write(self, data: Any, /) -> int:
        """Writes all of the data.

        Raises:
            OSError: The upload was given up, or the store refuses.
        """
        if self.closed:
            raise OSError(errno.ECANCELED, "the upload was given up")
        view = memoryview(data).cast("B")
        self._writer.write(view)
        self._size += len(view)
        return len(view)

    def close(self) -> None:
        """Ends the upload, which makes the object."""
        if not self.closed:
            super().close()
            try:
                with making(self.path):
                    self._writer.close()
            except BaseException:
                self._give_up()
                raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Ends the upload, or gives it up after an error."""
        if kind is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        """Gives up an upload that was never closed.

        By default `io` would close it.
        """
        if not sys.is_finalizing():
            self.abandon()

    def abandon(self) -> None:
        """Gives up the upload.

        An earlier object at the path stays.
        """
        if not self.closed:
            super().close()
            self._give_up()

    def _give_up(self) -> None:
        # The error that led here is the one to report.
        with contextlib.suppress(OSError):
            self._writer.abandon()


def abandon_uploads(folder: str) -> None:
    """Gives up all uploads of this process into a folder.

    An engine's threads that were interrupted don't do so themselves.
    """
    with _opening:
        uploads = [upload for upload in _open if upload.path.startswith(f"{folder}/")]
    for upload in uploads:
        upload.abandon()
