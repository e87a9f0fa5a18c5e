"""Work folders beside outputs, and those of killed runs."""

import contextlib
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.files.makers import is_gone, machine, maker

# Suffix of the folder beside the work folder that part files are moved to before removal.
PARTS = "-parts"
_MARK = ".incomplete-"
_REPLACED = "-replaced"
_REMOVED = "-removed"
# The name after the machine: process, run, and the suffix of a temporary folder beside the work
# folder.
_FACTS = re.compile(rf"(\d+)-[0-9a-f]{{8}}({PARTS}|(?:{_REPLACED})?(?:{_REMOVED})?)")
# Work folders that this process uses now.
_in_use: set[str] = set()


@dataclass(frozen=True)
class _Found:
    """A work folder of this machine, or its temporary neighbour.

    Attributes:
        path: The folder.
        output: The output folder of its run.
        end: The suffix of its name, empty for a work folder.
        pid: The process that made it.
        gone: Whether that process has ended.
    """

    path: str
    output: str
    end: str
    pid: int
    gone: bool


@contextlib.contextmanager
def named(output: str) -> Iterator[str]:
    """Names a work folder, in use until the block ends.

    Args:
        output: The output folder.

    Yields:
        The path; nothing is made.
    """
    # Processes in a restarted container may get the same number again, so the number isn't enough.
    work = f"{output}{_MARK}{maker()}-{uuid.uuid4().hex[:8]}"
    _in_use.add(work)
    try:
        yield work
    finally:
        _in_use.discard(work)


def is_work_folder(path: str, output: str) -> bool:
    """Whether a path names a work folder of an output.

    Args:
        path: The path.
        output: The output folder.
    """
    return re.fullmatch(rf"{re.escape(output + _MARK)}[^/]+-\d+-[0-9a-f]{{8}}", path) is not None


def replaced_by(work: str) -> str:
    """Returns the temporary name of a run being replaced.

    Args:
        work: The work folder of the new run.
    """
    return f"{work}{_REPLACED}"


def remove_replaced(replaced: str) -> None:
    """Removes a replaced run.

    It is renamed first: under its present name it would be restored if this process were killed.
    """
    removed = f"{replaced}{_REMOVED}"
    files.rename(replaced, removed)
    files.remove(removed)


def clear_left(output: str) -> None:
    """Removes folders that killed runs left beside an output.

    Only runs of this machine are considered, but also those of other outputs in the same parent
    folder. Folders of live processes stay. A finished run that was being replaced gets its name
    back.

    Args:
        output: The output folder.
    """
    for left in _beside(output):
        if not left.gone:
            continue
        # Another run may be removing it, too.
        with contextlib.suppress(FileNotFoundError):
            if left.end != _REPLACED:
                files.remove(left.path)
            elif os.path.lexists(left.output):
                remove_replaced(left.path)
            else:
                os.rename(left.path, left.output)


def left_by_others(output: str, work: str) -> list[str]:
    """Finds work folders that killed runs elsewhere may have left.

    They are of other machines, or in a store, where a cluster's job may be at work without the
    process that made them.

    Args:
        output: The output folder.
        work: The work folder of this run.

    Returns:
        Their paths, sorted; none where they can't be listed.
    """
    prefix = f"{output}{_MARK}"
    found = set[str]()
    with contextlib.suppress(OSError):
        if files.is_local(output):
            parent = os.path.dirname(output)
            found.update(os.path.join(parent, name) for name in os.listdir(parent or "."))
        else:
            found.update(f"{prefix}{path[len(prefix) :].partition('/')[0]}" for path in files.find(prefix))
    return sorted(path for path in found - {work} if is_work_folder(path, output))


def check_alone(output: str) -> None:
    """Checks that no other local run writes an output.

    Args:
        output: The output folder.

    Raises:
        OutputError: Another run is writing it.
    """
    for found in _beside(output):
        if found.output == output and not found.end and not found.gone:
            raise OutputError(
                f"another run is writing the output folder {output!r}: process {found.pid} of this machine, in {found.path!r}; wait for "
                "it, stop it, or choose another output"
            )


def _beside(output: str) -> list[_Found]:
    """Lists folders of this machine's runs beside an output.

    There are none beside a remote output.
    """
    if not files.is_local(output):
        return []
    found = []
    parent = os.path.dirname(output)
    # If the parent can't be listed, other runs are unknown, but this one may still be possible.
    with contextlib.suppress(OSError), os.scandir(parent or ".") as entries:
        for entry in entries:
            base, _, rest = entry.name.rpartition(f"{_MARK}{machine()}-")
            # Another machine's name may begin with this machine's.
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
