"""What is asked of an object store, and how its errors read."""

import errno
import re
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

# A resumable upload's URL is a key to the object, so no query is shown.
_QUERY = re.compile(r"\?[^\s'\"]*")
# An endpoint may be given with a user and a password, which may have a slash in it where it should be spelled %2F: what follows a colon
# and is no port.
_USER = re.compile(r"//[^/\s'\"]*@")
_WRONG_USER = re.compile(r"//[^/\s'\"@:]+:(?!\d{1,5}(?:[/?#'\"\s]|$))[^\s'\"]*@")
# What makes of a URL a key to what it names.
_SIGNED = re.compile(
    r"\b(upload_id|(?:X-Amz-|X-Goog-)?(?:Signature|Credential|Security-Token)|access_token)=[^&\s'\"]+", re.IGNORECASE
)
# The packages whose errors are a store's: their classes have no base in common.
_CLIENTS = frozenset(("boto3", "botocore", "s3transfer", "google", "requests", "urllib3", "apache_beam", "hdfs"))


class Writer(Protocol):
    """An object that is being written."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Takes all of the data."""
        ...

    def close(self) -> object:
        """Makes the object."""
        ...

    def abandon(self) -> object:
        """Makes no object."""
        ...


class Store(Protocol):
    """A remote file system; its failures are `OSError`s with a reason.

    Attributes:
        renames: Whether it has folders and can rename; in one that can't, a file appears when it is complete.
    """

    renames: bool

    def size(self, path: str) -> int | None:
        """An object's bytes; None where there is none."""
        ...

    def fetch(self, path: str, start: int, stop: int) -> bytes:
        """An object's bytes from a start to a stop, all of them."""
        ...

    def find(self, prefix: str, limit: int | None = None) -> Iterator[tuple[str, int]]:
        """The paths and sizes of the objects whose paths start so, of all or of some; the bucket must be there."""
        ...

    def start(self, path: str) -> Writer:
        """Starts to write an object."""
        ...

    def create_new(self, path: str, data: bytes) -> bool:
        """Creates an object unless it exists; of concurrent calls only one returns True."""
        ...

    def copy(self, source: str, target: str) -> None:
        """Copies an object within the store, without its passing through here."""
        ...

    def rename(self, source: str, target: str) -> None:
        """Gives a file or folder another name, which nothing has; only where `renames` is set."""
        ...

    def make_folder(self, path: str) -> None:
        """Makes a folder and its parents, where there are folders."""
        ...

    def delete(self, paths: Sequence[str]) -> None:
        """Removes objects; one that is gone is no error."""
        ...


def split(path: str) -> tuple[str, str]:
    """The bucket and the name of a path."""
    bucket, _, name = path.partition("://")[2].partition("/")
    return bucket, name


@contextmanager
def explained() -> Iterator[None]:
    """Turns what the clients of stores raise into an `OSError` with a reason in one line.

    Raises:
        OSError: In place of it.
    """
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in _CLIENTS:
            raise
        raise OSError(errno.EIO, reason(error)) from safe_cause(error)


def safe_cause(error: Exception) -> Exception | None:
    """Returns a client's error as a cause that may be shown, or None.

    Workers send tracebacks to engines, which log them: an error isn't kept if its traceback, with those of its own causes, contains a
    secret.

    Args:
        error: The error that was caught.
    """
    text = "".join(traceback.format_exception(error))
    return error if text == without_secrets(text) else None


def reason(error: BaseException) -> str:
    """What an error says, in one line and without anything secret."""
    # Beam's file systems put errors into dicts of errors.
    while details := getattr(error, "exception_details", None):
        error = next(iter(details.values())) if isinstance(details, dict) else details
    return " ".join(_QUERY.sub("", without_users(getattr(error, "strerror", None) or str(error))).split())


def without_users(text: str) -> str:
    """A text whose URLs name no user and no password."""
    return _USER.sub("//...@", _WRONG_USER.sub("//...@", text))


def without_secrets(text: str) -> str:
    """Replaces users, passwords, signatures and tokens in a text's URLs by dots."""
    return _SIGNED.sub(r"\1=...", without_users(text))


class StreamWriter:
    """An object that is being written through a stream of the client's."""

    def __init__(self, stream: Any) -> None:
        """Stores it.

        Args:
            stream: The client's stream.
        """
        self._stream = stream

    def write(self, data: bytes | memoryview, /) -> None:
        """Takes all of the data."""
        with explained():
            self._stream.write(data)

    def close(self) -> None:
        """Makes the object."""
        with explained():
            self._stream.close()
