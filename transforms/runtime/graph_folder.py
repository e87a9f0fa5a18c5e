"""The folder of a transform graph, on any file system."""

import threading
from dataclasses import dataclass

from shardmill.transforms.files import copying, files
from shardmill.transforms.files.temporary import temporary_folder

_copying = threading.Lock()
# This process's local copies, by the folder that they are copies of.
_copies: dict[str, str] = {}


@dataclass(frozen=True)
class Graph:
    """A transform graph, by its SavedModel's folder.

    Attributes:
        folder: The folder of its SavedModel.
    """

    folder: str

    def local_folder(self) -> str:
        """The SavedModel's folder, copied if it is remote.

        The copy is made once per process.

        Raises:
            DataError: It can't be read.
        """
        if files.is_local(self.folder):
            return self.folder
        with _copying:
            if self.folder not in _copies:
                copy = temporary_folder("graph")
                copying.copy_folder(self.folder, copy)
                _copies[self.folder] = copy
            return _copies[self.folder]
