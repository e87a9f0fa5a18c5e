"""The protocol of stores, and reasons of their errors."""

import errno
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

# The query of a URL. None is shown, because a resumable upload's URL gives access to the object.
_QUERY = re.compile(r"\?[^\s'\"]*")
# The user and password of a URL, such as an endpoint's. In a password a slash should be spelled
# %2F; where it isn't, a password is recognized as text after a colon that isn't a port.
_USER = re.compile(r"//[^/\s'\"]*@")
_WRONG_USER = re.compile(r"//[^/\s'\"@:]+:(?!\d{1,5}(?:[/?#'\"\s]|$))[^\s'\"]*@")
# The parameters by which a URL gives access to the object that it names.
_SIGNED = re.compile(
    r"\b(upload_id|(?:X-Amz-|X-Goog-)?(?:Signature|Credential|Security-Token)|access_token)=[^&\s'\"]+", re.IGNORECASE
)
# The packages whose errors count as a store's: their classes have no common base.
_CLIENTS = frozenset(("boto3", "botocore", "s3transfer", "google", "requests", "urllib3", "apache_beam", "hdfs"))


class Writer(Protocol):
    """An object that is being written."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Writes all of the data.

        Its memory may be used again then.
        """
        ...

    def close(self) -> object:
        """Completes the object."""
        ...

    def abandon(self) -> object:
        """Gives up: no object is made."""
        ...


class Store(Protocol):
    """A remote file system.

    Its failures are `OSError`s with a reason.

    Attributes:
        renames: Whether it has folders and can rename. In a store that can't, a file appears when
            it is complete.
    """

    renames: bool

    def size(self, path: str) -> int | None:
        """An object's size in bytes.

        None means that there is no such object.
        """
        ...

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """All bytes of an object from offset `start` to `stop`."""
        ...

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:
        """The paths and sizes of objects, by their paths' prefix.

        The bucket must exist.

        Args:
            prefix: The beginning of the paths.
            limit: The most objects to find. None means all.
        """
        ...

    def start(self, path: str) -> Writer:
        """Starts to write an object."""
        ...

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates an object unless it exists.

        Of concurrent calls only one returns True.
        """
        ...

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store.

        Its bytes don't pass through this machine.
        """
        ...

    def rename(self, source: str, target: str) -> None:
        """Renames a file or folder; only where `renames` is set.

        Nothing may have the new name.
        """
        ...

    def make_folder(self, path: str) -> None:
        """Makes a folder and its parents, where there are folders."""
        ...

    def delete(self, paths: Sequence[str]) -> None:
        """Removes objects; one that is gone already isn't an error."""
        ...


def split(path: str) -> tuple[str, str]:
    """Splits a path into its bucket and its name there."""
    bucket, _, name = path.partition("://")[2].partition("/")
    return bucket, name


@contextmanager
def explained() -> Iterator[None]:
    """Turns errors of stores' clients into `OSError`s.

    Their reason is one line.

    Raises:
        OSError: Instead of a client's error.
    """
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _CLIENTS:
            raise
        raise OSError(errno.EIO, reason(error)) from safe_cause(error)


def safe_cause(error: Exception) -> Exception | None:
    """A client's error as a cause that may be shown.

    Workers send tracebacks to engines, which log them.

    Args:
        error: The error that was caught.

    Returns:
        The error. None means that it can't be shown, because its traceback, with those of its own
        causes, contains a secret.
    """
    text = "".join(traceback.format_exception(error))
    return error if text == without_secrets(text) else None


def reason(error: BaseException) -> str:
    """An error's reason, in one line without secrets."""
    # Beam's file systems wrap errors in dicts of errors.
    while details := getattr(error, "exception_details", None):
        error = next(iter(details.values())) if isinstance(details, dict) else details
    return " ".join(_QUERY.sub("", without_users(getattr(error, "strerror", None) or str(error))).split())


def without_users(text: str) -> str:
    """Removes users and passwords from a text's URLs."""
    return _USER.sub("//...@", _WRONG_USER.sub("//...@", text))


def without_secrets(text: str) -> str:
    """Replaces secrets in a text's URLs by dots.

    They are users, passwords, signatures and tokens.
    """
    return _SIGNED.sub(r"\1=...", without_users(text))


class StreamWriter:
    """An object that is written through a client's stream."""

    def __init__(self, stream: Any) -> None:
        """Makes a writer of a stream.

        Args:
            stream: The client's stream.
        """
        self._stream = stream

    def write(self, data: bytes | memoryview, /) -> None:
        """Writes all of the data.

        Its memory may be used again then.
        """
        with explained():
            self._stream.write(data)

    def close(self) -> None:
        """Completes the object."""
        with explained():
            self._stream.close()
