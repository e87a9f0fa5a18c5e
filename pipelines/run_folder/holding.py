"""Compares a finished run's files with its manifest's checksums.

It does so before the files are used, and again afterwards.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shardmill.pipelines.run_folder.finished_run import FinishedRun, not_as_listed
from shardmill.pipelines.run_folder.manifest_keys import FileEntry, ShardEntry
from shardmill.schemas.errors import DataError, OutputError, ShardmillError
from shardmill.schemas.run_folder import MANIFEST, NAMES_FILE, SAVED_MODEL, SUCCESS, TRANSFORM_FN
from shardmill.transforms.files import enclosed, files
from shardmill.transforms.files.temporary import temporary_folder

# Files that every run's graph has.
_NEEDED = (SAVED_MODEL, f"{TRANSFORM_FN}/{NAMES_FILE}")


def file_problem(folder: str, entry: FileEntry | ShardEntry) -> str | None:
    """Describes how a file differs from its manifest's entry.

    Returns None where it doesn't differ.

    Args:
        folder: The run's folder.
        entry: The file's entry in the manifest.
    """
    try:
        if not _is_there(folder, entry["file"]):
            return f"{entry['file']!r} is missing"
        size, digest = enclosed.digest(folder, entry["file"])
    except DataError as error:
        return str(error)
    return _difference(entry, size, digest)


def _is_there(folder: str, name: str) -> bool:
    path = files.join(folder, name)
    return os.path.lexists(path) if files.is_local(path) else files.size(path) is not None


def _difference(entry: FileEntry | ShardEntry, size: int, digest: str) -> str | None:
    if size != entry["bytes"]:
        return f"{entry['file']!r} has {size:,} bytes; the manifest says {entry['bytes']:,}"
    if digest != entry["sha256"]:
        return f"{entry['file']!r} differs from what was written: its SHA-256 is {digest[:12]}..., not {entry['sha256'][:12]}..."
    return None


def copy_held(run: FinishedRun, folders: Iterable[str], target: str) -> dict[str, str]:
    """Copies folders of a run, the graph's among them.

    Only files that the manifest lists are copied, and each is compared with its checksum.

    Args:
        run: The run.
        folders: The folders' paths in the run's.
        target: The folder to copy them to.

    Returns:
        Each file's SHA-256, by its path in the run's folder.

    Raises:
        DataError: A file can't be read, or isn't the one that the manifest lists.
        OutputError: The target can't be written.
    """
    entries = [entry for folder in folders for entry in run.files_below(folder)]
    for name in _NEEDED:
        if name not in {entry["file"] for entry in entries}:
            raise not_as_listed(run.folder, f"it lists no {name!r}")
    for entry in entries:
        name = entry["file"]
        if not _is_there(run.folder, name):
            raise not_as_listed(run.folder, f"{name!r} is missing")
        difference = _difference(entry, *_copy(run.folder, name, files.join(target, name)))
        if difference:
            raise not_as_listed(run.folder, difference)
    return {entry["file"]: entry["sha256"] for entry in entries}


def _copy(folder: str, name: str, target: str) -> tuple[int, str]:
    """Copies a file; returns the copy's bytes and SHA-256."""
    found = hashlib.sha256()
    size = 0
    with files.writing(target):
        files.make_folder(target.rpartition("/")[0])
        with files.create(target) as writer:
            for piece in enclosed.pieces(folder, name):
                writer.write(piece)
                found.update(piece)
                size += len(piece)
    return size, found.hexdigest()


def held_graph(run: FinishedRun) -> str:
    """Makes a checked local copy of a run's graph.

    Since the copy is what runs, the graph can't change after the check.

    Args:
        run: The run.

    Returns:
        The folder that `transform_fn` is in.

    Raises:
        DataError: A file of the graph can't be read, or isn't the one that the manifest lists.
    """
    copy = temporary_folder("graph")
    copy_held(run, [TRANSFORM_FN], copy)
    return copy


@contextmanager
def naming_run(run: FinishedRun, copy: str) -> Iterator[None]:
    """Names a run, not its copy, in a block's errors.

    Args:
        run: The run.
        copy: The folder of the copy.

    Raises:
        ShardmillError: As the block raises it, with the run's folder for the copy's.
    """
    try:
        yield
    except ShardmillError as error:
        raise type(error)(str(error).replace(copy.rstrip("/"), run.folder.rstrip("/"))) from error


def check_unchanged(run: FinishedRun, *, intact: bool) -> None:
    """Checks that a run is still as it was loaded.

    Args:
        run: The run.
        intact: Whether its files were as its manifest lists them; then its graph's files are
            compared again.

    Raises:
        DataError: The run has changed.
    """
    with files.reading(run.folder):
        finished = files.exists(files.join(run.folder, SUCCESS))
    if not finished or hashlib.sha256(enclosed.read(run.folder, MANIFEST)).hexdigest() != run.digest:
        raise not_as_listed(run.folder, f"{MANIFEST} isn't the one that was read at first")
    for entry in run.files_below(TRANSFORM_FN) if intact else ():
        if problem := file_problem(run.folder, entry):
            raise not_as_listed(run.folder, problem)


def check_not_source(run: str, output: str) -> None:
    """Checks that an output is apart from its source run.

    The two may be different spellings of one path.

    Args:
        run: The run's folder.
        output: The output folder.

    Raises:
        OutputError: The output is the run's folder, is inside it or contains it.
    """
    source, target = _resolved(run), _resolved(output)
    if f"{source}/".startswith(f"{target}/") or f"{target}/".startswith(f"{source}/"):
        raise OutputError(
            f"--output: expected a folder apart from the run's, {run!r}, which it would replace or change, received {output!r}; "
            "choose another output"
        )


def _resolved(path: str) -> str:
    if files.is_local(path):
        return os.path.realpath(path)
    scheme, _, rest = path.partition("://")
    return f"{scheme.lower()}://{posixpath.normpath(rest)}"
