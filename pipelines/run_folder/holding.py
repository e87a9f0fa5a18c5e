"""Holds a finished run's files against the checksums of its manifest, before they are used and again afterwards."""

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

# Without these there is no graph to run.
_NEEDED = (SAVED_MODEL, f"{TRANSFORM_FN}/{NAMES_FILE}")


def file_problem(folder: str, entry: FileEntry | ShardEntry) -> str | None:
    """What is wrong with a file that a manifest lists; None: nothing.

    Args:
        folder: The run's folder.
        entry: What the manifest says of the file.
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
    """Copies what the manifest lists below some folders of a run, the graph's among them, and nothing else; each file as it is listed.

    Args:
        run: The run.
        folders: The folders' paths in the run's.
        target: Where they are copied to.

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
    """Copies a file; returns its bytes and SHA-256, of what was written."""
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
    """A local copy of a run's graph, as its manifest lists it: what is run is what was checked.

    Args:
        run: The run.

    Returns:
        The folder that `transform_fn` is in.

    Raises:
        DataError: A file of it can't be read, or isn't the one that the manifest lists.
    """
    copy = temporary_folder("graph")
    copy_held(run, [TRANSFORM_FN], copy)
    return copy


@contextmanager
def naming_run(run: FinishedRun, copy: str) -> Iterator[None]:
    """Lets messages about a copy of a run's files tell of the run.

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
    """Looks whether a run is still the one that was loaded.

    Args:
        run: The run.
        intact: Whether its files were as its manifest lists them; then its graph's are looked at again.

    Raises:
        DataError: It isn't.
    """
    with files.reading(run.folder):
        finished = files.exists(files.join(run.folder, SUCCESS))
    if not finished or hashlib.sha256(enclosed.read(run.folder, MANIFEST)).hexdigest() != run.digest:
        raise not_as_listed(run.folder, f"{MANIFEST} isn't the one that was read at first")
    for entry in run.files_below(TRANSFORM_FN) if intact else ():
        if problem := file_problem(run.folder, entry):
            raise not_as_listed(run.folder, problem)


def check_not_source(run: str, output: str) -> None:
    """Looks whether an output is the run that it would be made of, however the two are spelled.

    Args:
        run: The run's folder.
        output: The output folder.

    Raises:
        OutputError: It is that folder, lies in it or holds it.
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
