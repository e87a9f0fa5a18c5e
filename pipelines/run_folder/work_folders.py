"""The folders that runs work in, beside their outputs: their names, and what is left of them by runs that are gone."""

import contextlib
import os
import re
import socket
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.files.makers import is_gone, maker

# What part files are moved to, beside the work folder, to be removed.
PARTS = "-parts"
_MARK = ".incomplete-"
_REPLACED = "-replaced"
_REMOVED = "-removed"
# What follows this machine's name: the process, the run, and what is beside the work folder for a while.
_FACTS = re.compile(rf"(\d+)-[0-9a-f]{{8}}({PARTS}|(?:{_REPLACED})?(?:{_REMOVED})?)")
# Those that this process is working in.
_in_use: set[str] = set()


@dataclass(frozen=True)
class _Found:
    """A run's folder, or what is beside it for a while, that this machine has made.

    Attributes:
        path: The folder.
        output: The output of its run.
        end: What its name ends in, after the run's.
        pid: The process that made it.
        gone: Whether that isn't alive any more.
    """

    path: str
    output: str
    end: str
    pid: int
    gone: bool


@contextlib.contextmanager
def named(output: str) -> Iterator[str]:
    """The path of a new folder to work in; while the block lasts no run of this process takes it for left.

    Args:
        output: The output folder.
    """
    # A process that is started anew in a container has the number of the one before, whose folder may still be there.
    work = f"{output}{_MARK}{maker()}-{uuid.uuid4().hex[:8]}"
    _in_use.add(work)
    try:
        yield work
    finally:
        _in_use.discard(work)


def is_work_folder(path: str, output: str) -> bool:
    """Whether a path is one of a folder to work in for an output.

    Args:
        path: The path.
        output: The output folder.
    """
    return re.fullmatch(rf"{re.escape(output + _MARK)}[^/]+-\d+-[0-9a-f]{{8}}", path) is not None


def replaced_by(work: str) -> str:
    """What a run is renamed to while another takes its name.

    Args:
        work: The other's work folder.
    """
    return f"{work}{_REPLACED}"


def remove_replaced(replaced: str) -> None:
    """Removes an old run under another name: under this one it would get its own back, if this process is killed meanwhile."""
    removed = f"{replaced}{_REMOVED}"
    files.rename(replaced, removed)
    files.remove(removed)


def clear_left(output: str) -> None:
    """Removes what runs on this machine that were killed left beside an output, of whichever run; what live ones work in stays.

    A finished run whose place a killed one was just taking gets its name back.

    Args:
        output: The output folder.
    """
    for left in _beside(output):
        if not left.gone:
            continue
        # Another run may be doing the same.
        with contextlib.suppress(FileNotFoundError):
            if left.end != _REPLACED:
                files.remove(left.path)
            elif os.path.lexists(left.output):
                remove_replaced(left.path)
            else:
                os.rename(left.path, left.output)


def check_alone(output: str) -> None:
    """Looks for another run on this machine that is at work on the same output.

    Args:
        output: The output folder.

    Raises:
        OutputError: There is one.
    """
    for found in _beside(output):
        if found.output == output and not found.end and not found.gone:
            raise OutputError(
                f"another run is writing the output folder {output!r}: process {found.pid} of this machine, in {found.path!r}; wait for "
                "it, stop it, or choose another output"
            )


def _beside(output: str) -> list[_Found]:
    """The folders of runs beside a local output that were made on this machine; none beside another, where others work."""
    if not files.is_local(output):
        return []
    found = []
    parent = os.path.dirname(output)
    # Where it can't be listed nothing is known of others, and a run may be written all the same.
    with contextlib.suppress(OSError), os.scandir(parent or ".") as entries:
        for entry in entries:
            base, _, rest = entry.name.rpartition(f"{_MARK}{socket.gethostname()}-")
            # The name of another machine may begin with this one's.
            facts = _FACTS.fullmatch(rest)
            if base and facts:
                path, pid = os.path.join(parent, entry.name), int(facts[1])
                gone = path.removesuffix(facts[2]) not in _in_use and is_gone(pid, _changed(path))
                found.append(_Found(path, os.path.join(parent, base), facts[2], pid, gone))
    return found


def _changed(path: str) -> float:
    try:
        return os.lstat(path).st_mtime
    except FileNotFoundError:
        return 0.0
