"""A folder of entries, named after what decides them."""

import contextlib
import hashlib
from dataclasses import dataclass
from typing import Any

from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.keeping.generations import remove_older
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
        earlier: The folder of entries of the days before (see `Generations`); one that is found
            there is written into this folder, too. None means that there is none.
    """

    folder: str
    setting: str
    earlier: str | None = None

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

        Raises:
            OutputError: An entry of the days before can't be written.
        """
        body = _body(self.path(key), key)
        if body is None and self.earlier is not None:
            body = _body(files.join(self.earlier, key), key)
            if body is not None:
                self._write(key, body)
        with contextlib.suppress(ValueError):
            return None if body is None else unpacked(body)
        return None

    def keep(self, key: str, value: object) -> None:
        """Writes an entry.

        Args:
            key: The entry's name.
            value: What `packed` takes.

        Raises:
            OutputError: It can't be written.
        """
        self._write(key, packed(value))

    def _write(self, key: str, body: bytes) -> None:
        try:
            with files.writing(self.folder):
                # Another run, of much later, may have removed it.
                files.make_folder(self.folder)
            with files.replacing(self.path(key), self.folder) as stream:
                stream.write(_head(key, body))
                stream.write(body)
        except OutputError as error:
            raise self.refusal(error) from error

    def prepare(self) -> None:
        """Makes the folder, and tries to write there.

        The first run in new days removes the folders before those of the days before.

        Raises:
            OutputError: It can't be written.
        """
        try:
            with files.writing(self.folder):
                is_new = self.earlier is not None and not files.exists(self.folder)
                files.make_folder(self.folder)
                files.try_writing(self.folder)
                if is_new and self.earlier is not None:
                    remove_older(self.earlier)
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


def _body(path: str, key: str) -> bytes | None:
    """An entry's packed value, if its file is whole."""
    data = b""
    with contextlib.suppress(OSError), files.open_at(path) as stream:
        data = stream.read()
    head, body = data[: len(_MARK) + _DIGEST_BYTES], data[len(_MARK) + _DIGEST_BYTES :]
    return body if head == _head(key, body) else None


def _head(key: str, body: bytes) -> bytes:
    return _MARK + hashlib.sha256(f"{key}\n".encode() + body).digest()
