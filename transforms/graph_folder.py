"""Where a transform graph is: the folder of its SavedModel, on any file system."""

import functools
import tempfile
from dataclasses import dataclass

from transforms import files


@dataclass(frozen=True)
class Graph:
    """A transform graph.

    Attributes:
        folder: The folder of its SavedModel.
    """

    folder: str

    def local_folder(self) -> str:
        """A local copy of the SavedModel, made once per process where it is remote."""
        return self.folder if files.is_local(self.folder) else _fetch(self.folder)


@functools.lru_cache(maxsize=4)
def _fetch(folder: str) -> str:
    local = tempfile.mkdtemp(prefix="shardmill-graph-")
    files.copy_folder(folder, local)
    return local
