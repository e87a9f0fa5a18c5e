"""A folder of entries, named after what decides them."""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any

from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.keeping.packed_values import packed, unpacked
from shardmill.transforms.stores.interface import reason

# The first bytes of an entry's file; the checksum follows.
_MARK = b"shardmill entry 1\n"
_DIGEST_BYTES = 32


@dataclass(frozen=True)
class KeptEntries:
    """A folder of entries, which several runs may share.

    They may write at once: an entry's file has its final name once it is complete. Of two runs that
    write the same entry the last one wins; both entries say the same.

    Attributes:
        folder: The folder, which all workers share.
        setting: The setting that names it, for messages.
    """

    folder: str
    setting: str

    def path(self, key: str) -> str:
        """The path of an entry's file.

        Args:
            key: The entry's name.
        """
        return files.join(self.folder, key)

    def find(self, key: str) -> Any:
        """Reads an entry.

        Args:
            key: The entry's name.

        Returns:
            The value; None where there is no such entry, or it is damaged or can't be read: it will
            be written anew.
        """
        data = b""
        with contextlib.suppress(OSError), files.open_at(self.path(key)) as stream:
            data = stream.read()
        head, body = data[: len(_MARK) + _DIGEST_BYTES], data[len(_MARK) + _DIGEST_BYTES :]
        if head != _head(key, body):
            return None
        with contextlib.suppress(ValueError):
            return unpacked(body)
        return None

    def keep(self, key: str, value: object) -> None:
        """Writes an entry.

        Args:
            key: The entry's name.
            value: What `packed` takes.

        Raises:
            OutputError: It can't be written.
        """
        body = packed(value)
        try:
            with files.replacing(self.path(key), self.folder) as stream:
                stream.write(_head(key, body))
                stream.write(body)
        except OutputError as error:
            raise self.refusal(error) from error

    def prepare(self) -> None:
        """Makes the folder, and tries to write there.

        Raises:
            OutputError: It can't be written.
        """
        try:
            with files.writing(self.folder):
                files.make_folder(self.folder)
                files.try_writing(self.folder)
        except OutputError as error:
            raise self.refusal(error) from error

    def refusal(self, error: OutputError) -> OutputError:
        """The error that names the setting.

        Args:
            error: An error of writing in the folder.
        """
        cause = error.__cause__
        why = reason(cause) if isinstance(cause, OSError) else str(error)
        return OutputError(
            f"{self.setting}: can't write in {self.folder!r}: {why}; free space or permit it, choose another folder, "
            "or run without it; nothing was published"
        )


def _head(key: str, body: bytes) -> bytes:
    return _MARK + hashlib.sha256(f"{key}\n".encode() + body).digest()
