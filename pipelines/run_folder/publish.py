"""Publishing: a run works in a folder of another name and takes its own name at the very end, all at once.

An object store has no names to change: there all is copied, the manifest and `_SUCCESS` last.
"""

import contextlib
import errno
import json
import os
import re
import socket
import uuid
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shardmill.pipelines.engines.processes import is_alive
from shardmill.schemas.errors import DataError, OutputError
from shardmill.schemas.run_folder import MANIFEST, SUCCESS
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files

# What part files are moved to, beside the work folder, to be removed.
PARTS = "-parts"
_MARK = ".incomplete-"
_REPLACED = "-replaced"
_REMOVED = "-removed"
# What follows this machine's name: the process, the run, and what is beside the work folder for a while.
_LEFT = re.compile(rf"(\d+)-[0-9a-f]{{8}}(?:{PARTS}|(?:{_REPLACED})?(?:{_REMOVED})?)")
# Copying is the store's work; each waits for it most of the time.
_COPIERS = 16


@contextlib.contextmanager
def work_folder(output: str, *, overwrite: bool, keep: bool = False) -> Iterator[str]:
    """A folder to work in, beside the output; it is gone when the block ends, by `publish` or by failure.

    Args:
        output: The output folder.
        overwrite: Whether a finished run that stands there may be replaced.
        keep: Whether it stays where the block ends well: a template's job works there later.

    Yields:
        The work folder's path.

    Raises:
        OutputError: The output folder exists (and is no finished run, or `overwrite` isn't set), or nothing can be written there.
    """
    output = output.rstrip("/")
    # A process that is started anew in a container has the number of the one before, whose folder may still be there.
    work = f"{output}{_MARK}{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    _check_is_folder(output)
    with files.writing(output):
        _clear_leftovers(output)
        _check_free(output, overwrite=overwrite)
    done = False
    try:
        with files.writing(work):
            files.make_folder(work)
            if not files.is_local(work):
                files.try_writing(work)
        yield work
        done = True
    finally:
        if not done:
            # The error that led here is the one to tell; what can't be removed now doesn't look finished.
            with contextlib.suppress(OSError):
                files.discard(work)
            with contextlib.suppress(OSError):
                if files.can_rename(work):
                    files.remove(f"{work}{PARTS}")
        elif not keep:
            with _published():
                files.remove(work)


def check_output_folder(output: str, *, overwrite: bool) -> None:
    """Looks whether a run may take a folder's name, as `work_folder` does; makes and removes nothing.

    Args:
        output: The output folder.
        overwrite: Whether a finished run that stands there may be replaced.

    Raises:
        OutputError: The folder exists (and is no finished run, or `overwrite` isn't set), or can't be looked at.
    """
    output = output.rstrip("/")
    _check_is_folder(output)
    with files.writing(output):
        _check_free(output, overwrite=overwrite)


def check_apart(inputs: Iterable[InputFile], output: str) -> None:
    """Looks for input in the output folder: with `--overwrite` it would be replaced.

    Args:
        inputs: The input files.
        output: The output folder.

    Raises:
        OutputError: A file is in it.
    """
    folder = os.path.realpath(output) if files.is_local(output) else output.rstrip("/")
    for found in inputs:
        path = os.path.realpath(found.path) if files.is_local(found.path) else found.path
        if path.startswith(f"{folder}/"):
            raise OutputError(
                f"the input {found.path!r} is in the output folder {output!r}, which the run would replace; choose another output"
            )


def publish(work: str, output: str, *, overwrite: bool, alone: bool = True) -> None:
    """Gives a finished work folder the output's name; `_SUCCESS` is written last before that.

    Args:
        work: The work folder.
        output: The output folder.
        overwrite: Whether a finished run that stands there, maybe since this one has begun, may be replaced.
        alone: Whether nobody else publishes the same work folder: then what was copied of it is removed where the rest can't be. Else a
            run that stands there may be what another attempt has published of it.

    Raises:
        OutputError: Something stands there that mustn't be replaced, or it can't be renamed.
    """
    output = output.rstrip("/")
    with files.writing(output):
        if alone:
            _check_free(output, overwrite=overwrite)
        elif not overwrite:
            _check_own(work, output)
        if files.can_rename(output):
            _rename(work, output)
        elif alone:
            _copy_alone(work, output)
        else:
            _copy_with_others(work, output)


def _rename(work: str, output: str) -> None:
    files.create(files.join(work, SUCCESS)).close()
    replaced = f"{work}{_REPLACED}" if files.exists(output) else None
    if replaced:
        files.rename(output, replaced)
    try:
        files.rename(work, output)
    except BaseException:
        # An interruption may come, or an answer get lost, when it is done.
        if files.exists(work) or not files.exists(output):
            if replaced:
                files.rename(replaced, output)
            raise
    if replaced:
        with _published():
            _remove_replaced(replaced)


def _remove_replaced(replaced: str) -> None:
    """Removes an old run under another name: under this one it would get its own back, if this process is killed meanwhile."""
    removed = f"{replaced}{_REMOVED}"
    files.rename(replaced, removed)
    files.remove(removed)


@contextlib.contextmanager
def _published() -> Iterator[None]:
    """While what is left of a published run is removed: it counts, even if that fails or is interrupted."""
    with contextlib.suppress(OSError, KeyboardInterrupt):
        yield


def _copy_alone(work: str, output: str) -> None:
    try:
        # First of all: from now on it isn't finished.
        files.remove(files.join(output, SUCCESS))
        files.remove(output)
        _copy(work, output, _paths(work))
        files.create(files.join(output, SUCCESS)).close()
    except BaseException:
        with contextlib.suppress(OSError):
            files.remove(output)
        raise


def _copy_with_others(work: str, output: str) -> None:
    """Copies, though another attempt may be copying the same, or have done so and be removing the work folder."""
    wanted = _manifest(work)
    if wanted is None and files.exists(files.join(output, SUCCESS)):
        return
    try:
        new = _paths(work)
        # Looked at after the listing, which lacks files if the other is removing them: then its manifest is there.
        if _manifest(output) != wanted:
            files.remove(files.join(output, SUCCESS))
            # What the other has copied stays: it may be about to say that all is there.
            for path in files.walk(output):
                if path[len(output) + 1 :] not in new:
                    files.remove(path)
            _copy(work, output, new)
    except (OSError, DataError, OutputError):
        # A manifest is the last to be copied: with it, all is there.
        if wanted is None or _manifest(output) != wanted:
            raise
    files.create(files.join(output, SUCCESS)).close()


def _paths(work: str) -> list[str]:
    """What is to be copied: the paths below the work folder."""
    found = [path[len(work) + 1 :] for path in files.walk(work)]
    if MANIFEST not in found:
        raise FileNotFoundError(
            errno.ENOENT, f"the work folder {work!r} has no {MANIFEST}, so another attempt has removed it"
        )
    return found


def _manifest(folder: str) -> bytes | None:
    path = files.join(folder, MANIFEST)
    try:
        with files.open_at(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def _copy(work: str, output: str, paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(_COPIERS) as pool:
        copies = [
            pool.submit(files.copy, files.join(work, path), files.join(output, path))
            for path in paths
            if path != MANIFEST
        ]
        try:
            for copied in copies:
                copied.result()
        finally:
            pool.shutdown(cancel_futures=True)
    files.copy(files.join(work, MANIFEST), files.join(output, MANIFEST))


def _check_is_folder(output: str) -> None:
    _, scheme, place = output.partition("://")
    if scheme and "/" not in place and not files.can_rename(output):
        raise OutputError(
            f"the output folder {output!r} is a whole bucket; name a folder in it, such as {output + '/run'!r}"
        )
    if files.is_local(output) and os.path.ismount(output):
        raise OutputError(
            f"the output folder {output!r} is a mount point, which a run can't replace; name a folder in it, such as {output + '/run'!r}"
        )


def _check_free(output: str, *, overwrite: bool) -> None:
    if not files.exists(output) or (os.path.isdir(output) and not os.listdir(output)):
        return
    if files.is_local(output) and not os.path.isdir(output):
        raise OutputError(f"the output folder {output!r} is a file; choose another with --output or [output] dir")
    if not _is_run(output):
        raise OutputError(
            f"the output folder {output!r} exists and is no finished run, so it is left alone; choose another, or remove it"
        )
    if not overwrite:
        raise OutputError(f"{output!r} holds a finished run; choose another --output, or replace it with --overwrite")


def _check_own(work: str, output: str) -> None:
    """Looks for a run at the output that isn't this one: an earlier attempt at publishing it has left the same manifest."""
    wanted = _manifest(work)
    if wanted is not None and _manifest(output) != wanted and _is_run(output):
        raise OutputError(
            f"{output!r} holds a finished run that this job hasn't made, so that is left alone; write the template anew, with another "
            "--output or with --overwrite"
        )


def _is_run(folder: str) -> bool:
    """Whether it is a finished run of ours: other programs make a `_SUCCESS`, too."""
    manifest = _manifest(folder)
    if manifest is None or not files.exists(files.join(folder, SUCCESS)):
        return False
    try:
        facts = json.loads(manifest)
    except (ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and {"format", "splits", "rows"} <= facts.keys()


def _clear_leftovers(output: str) -> None:
    """Removes work folders of runs on this machine that were killed; those of other live processes are left.

    A finished run whose place a killed one was just taking gets its name back.
    """
    if not files.is_local(output):
        return
    prefix = f"{os.path.basename(output)}{_MARK}{socket.gethostname()}-"
    for folder in Path(output).parent.glob(f"{_escape(prefix)}*"):
        # The name of another machine may begin with this one's.
        left = _LEFT.fullmatch(folder.name[len(prefix) :])
        if left is None or is_alive(int(left[1])):
            continue
        if not folder.name.endswith(_REPLACED):
            files.remove(str(folder))
        elif os.path.lexists(output):
            _remove_replaced(str(folder))
        else:
            os.rename(folder, output)


def _escape(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)
