"""Publishing: a run works in a folder of another name and takes its own name at the very end, all at once."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from schemas.errors import OutputError
from transforms import files

SUCCESS = "_SUCCESS"
MANIFEST = "manifest.json"
_MARK = ".incomplete-"


@contextlib.contextmanager
def work_folder(output: str, *, overwrite: bool) -> Iterator[str]:
    """A folder to work in, beside the output; it is gone when the block ends, by `publish` or by failure.

    Args:
        output: The output folder.
        overwrite: Whether a finished run that stands there may be replaced.

    Yields:
        The work folder's path.

    Raises:
        OutputError: The output folder exists (and is no finished run, or `overwrite` isn't set), or nothing can be written there.
    """
    output = output.rstrip("/")
    _check_free(output, overwrite=overwrite)
    _remove_leftovers(output)
    work = f"{output}{_MARK}{socket.gethostname()}-{os.getpid()}"
    try:
        with files.writing(work):
            files.make_folder(work)
        yield work
    finally:
        files.remove(work)


def publish(work: str, output: str) -> None:
    """Gives a finished work folder the output's name; `_SUCCESS` is written last before that.

    Args:
        work: The work folder.
        output: The output folder; a finished run that stands there is replaced.

    Raises:
        OutputError: It can't be renamed.
    """
    output = output.rstrip("/")
    with files.writing(output):
        files.create(files.join(work, SUCCESS)).close()
        if not files.is_local(output):
            files.copy_folder(work, output)
            return
        replaced = f"{work}-replaced"
        if os.path.isdir(output):
            os.rename(output, replaced)
        os.rename(work, output)
    files.remove(replaced)


def _check_free(output: str, *, overwrite: bool) -> None:
    if not files.exists(output) or (os.path.isdir(output) and not os.listdir(output)):
        return
    if files.is_local(output) and not os.path.isdir(output):
        raise OutputError(f"the output folder {output!r} is a file; choose another with --output or [output] dir")
    if not files.exists(files.join(output, SUCCESS)):
        raise OutputError(
            f"the output folder {output!r} exists and is no finished run, so it is left alone; choose another, or remove it"
        )
    if not overwrite:
        raise OutputError(f"{output!r} holds a finished run; choose another --output, or replace it with --overwrite")


def _remove_leftovers(output: str) -> None:
    """Removes work folders of runs on this machine that were killed; those of live processes are left."""
    if not files.is_local(output):
        return
    prefix = f"{os.path.basename(output)}{_MARK}{socket.gethostname()}-"
    for folder in Path(output).parent.glob(f"{_escape(prefix)}*"):
        pid = folder.name[len(prefix) :].partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            files.remove(str(folder))


def _escape(text: str) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
