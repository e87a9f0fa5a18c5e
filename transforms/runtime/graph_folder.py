"""Where a transform graph is: the folder of its SavedModel, on any file system."""

import threading
from dataclasses import dataclass

from shardmill.transforms.files import files
from shardmill.transforms.files.temporary import temporary_folder

_copying = threading.Lock()
# The local copies of this process, by what they are copies of.
_copies: dict[str, str] = {}


@dataclass(frozen=True)
class Graph:
    """A transform graph.

    Attributes:
        folder: The folder of its SavedModel.
    """

    folder: str

    def local_folder(self) -> str:
        """The SavedModel as a local folder: a copy, made once per process, where it is remote.

        Raises:
            DataError: It can't be read.
        """
        if files.is_local(self.folder):
            return self.folder
        with _copying:
            if self.folder not in _copies:
                copy = temporary_folder("graph")
                files.copy_folder(self.folder, copy)
                _copies[self.folder] = copy
            return _copies[self.folder]
