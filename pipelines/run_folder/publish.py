"""Publishes a run: all of it at once, or nothing.

A run writes into a work folder of another name, which is renamed at the very end. Object stores
can't rename folders: there the files are copied, the manifest and `_SUCCESS` last.
"""

import contextlib
import errno
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from shardmill.pipelines.run_folder.claim import check_unclaimed, claimed, drop_claim, left_claim
from shardmill.pipelines.run_folder.published import folders
from shardmill.pipelines.run_folder.work_folders import (
    PARTS,
    check_alone,
    clear_left,
    named,
    remove_replaced,
    replaced_by,
)
from shardmill.schemas.errors import DataError, OutputError
from shardmill.schemas.run_folder import MANIFEST, SUCCESS
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files

# Errors of renaming to a folder that isn't empty.
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)
# Threads that copy: each waits for the store most of the time.
_COPIERS = 16


@contextlib.contextmanager
def work_folder(output: str, *, overwrite: bool, keep: bool = False) -> Iterator[str]:
    """Provides a work folder beside the output.

    When the block ends, `publish` has renamed the folder, or it is removed.

    Args:
        output: The output folder.
        overwrite: Whether a finished run in the output folder may be replaced.
        keep: Whether to keep the folder after a block without error: a template's job works there
            later.

    Yields:
        The work folder's path.

    Raises:
        OutputError: The output folder exists (and isn't a finished run, or `overwrite` isn't set),
            nothing can be written there, another run on this machine writes to it, or another one
            is being published there.
    """
    output = output.rstrip("/")
    _check_is_folder(output)
    with files.writing(output):
        clear_left(output)
        _clear_claim(output)
        _check_ready(output, overwrite=overwrite)
    with named(output) as work:
        yield from _working(work, keep=keep)


def _working(work: str, *, keep: bool) -> Iterator[str]:
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
            # The block's error is the one to report; a folder that can't be removed doesn't look
            # finished.
            with contextlib.suppress(OSError):
                files.discard(work)
            with contextlib.suppress(OSError):
                if files.can_rename(work):
                    files.remove(f"{work}{PARTS}")
        elif not keep:
            with _published():
                files.remove(work)


def check_output_folder(output: str, *, overwrite: bool) -> None:
    """Checks that a run may be published in a folder.

    It makes the checks of `work_folder`, without writing or removing anything.

    Args:
        output: The output folder.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        OutputError: The folder exists (and isn't a finished run, or `overwrite` isn't set), can't
            be read, or another run writes to it.
    """
    output = output.rstrip("/")
    _check_is_folder(output)
    with files.writing(output):
        _check_ready(output, overwrite=overwrite)


def _check_ready(output: str, *, overwrite: bool) -> None:
    check_alone(output)
    check_unclaimed(output)
    _check_free(output, overwrite=overwrite)


def check_apart(inputs: Iterable[InputFile], output: str) -> None:
    """Checks that no input is in the output folder.

    With `--overwrite` it would be replaced.

    Args:
        inputs: The input files.
        output: The output folder.

    Raises:
        OutputError: An input file is in the output folder.
    """
    folder = os.path.realpath(output) if files.is_local(output) else output.rstrip("/")
    for found in inputs:
        path = os.path.realpath(found.path) if files.is_local(found.path) else found.path
        if path.startswith(f"{folder}/"):
            raise OutputError(
                f"the input {found.path!r} is in the output folder {output!r}, which the run would replace; choose another output"
            )


def publish(work: str, output: str, *, overwrite: bool, alone: bool = True) -> None:
    """Renames a finished work folder to the output.

    `_SUCCESS` is written just before. In an object store the files are copied instead,
    `_SUCCESS` last.

    Args:
        work: The work folder.
        output: The output folder.
        overwrite: Whether a finished run there may be replaced, even one published after this run
            began.
        alone: Whether no other attempt publishes the same work folder: then a copy that fails
            halfway is removed. Otherwise a finished run in the output may be another attempt's copy
            of this work folder.

    Raises:
        OutputError: The output has something that mustn't be replaced, another run is being
            published there, or the work folder can't be renamed.
    """
    output = output.rstrip("/")
    with files.writing(output), claimed(work, output):
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
    replaced = replaced_by(work) if files.exists(output) else None
    if replaced:
        files.rename(output, replaced)
    try:
        files.rename(work, output)
    except BaseException as error:
        # The rename may be done all the same: an interruption came, or the store's answer got lost,
        # after it.
        if files.exists(work) or not files.exists(output):
            if isinstance(error, OSError) and error.errno in _TAKEN:
                raise _lost(output, replaced) from error
            if replaced:
                files.rename(replaced, output)
            raise
    folders.append(output)
    if replaced:
        with _published():
            remove_replaced(replaced)


def _lost(output: str, replaced: str | None) -> OutputError:
    """Makes the error of a run that another one forestalled.

    The other run was published at the same moment, from another machine.
    """
    if replaced:
        with contextlib.suppress(OSError):
            remove_replaced(replaced)
    return OutputError(
        f"another run was published to {output!r} at this moment; choose another --output, or replace it with --overwrite"
    )


@contextlib.contextmanager
def _published() -> Iterator[None]:
    """Ignores errors and interruptions in cleaning up.

    The run is published already, even if its leftovers can't be removed.
    """
    with contextlib.suppress(OSError, KeyboardInterrupt):
        yield


def _copy_alone(work: str, output: str) -> None:
    try:
        # `_SUCCESS` goes first: without it, the old run no longer counts as finished.
        files.remove(files.join(output, SUCCESS))
        files.remove(output)
        _copy(work, output, _paths(work))
        files.create(files.join(output, SUCCESS)).close()
    except BaseException:
        with contextlib.suppress(OSError):
            files.remove(output)
        raise
    folders.append(output)


def _copy_with_others(work: str, output: str) -> None:
    """Copies a work folder that another attempt may be copying.

    The other attempt may also be done and be removing the work folder.
    """
    wanted = _manifest(work)
    if wanted is None and files.exists(files.join(output, SUCCESS)):
        return
    try:
        new = _paths(work)
        # Read the output's manifest after listing the work folder: if the listing lacks files that
        # the other attempt has removed, its manifest is already in the output.
        if _manifest(output) != wanted:
            files.remove(files.join(output, SUCCESS))
            # Keep the other attempt's copies: it may be about to write `_SUCCESS`.
            for path in files.walk(output):
                if path[len(output) + 1 :] not in new:
                    files.remove(path)
            _copy(work, output, new)
    except (OSError, DataError, OutputError):
        # The manifest is copied last: where it is, all other files are.
        if wanted is None or _manifest(output) != wanted:
            raise
    files.create(files.join(output, SUCCESS)).close()


def _paths(work: str) -> list[str]:
    """Lists the paths in the work folder, to be copied."""
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
    _, scheme, path = output.partition("://")
    if scheme and "/" not in path and not files.can_rename(output):
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
            f"the output folder {output!r} exists and isn't a finished run, so it isn't replaced; choose another, or remove it"
        )
    if not overwrite:
        raise OutputError(f"{output!r} holds a finished run; choose another --output, or replace it with --overwrite")


def _check_own(work: str, output: str) -> None:
    """Checks that the output has no other job's run.

    An earlier attempt to publish this run has left the same manifest.
    """
    wanted = _manifest(work)
    if wanted is not None and _manifest(output) != wanted and _is_run(output):
        raise OutputError(
            f"{output!r} holds a finished run that this job hasn't made, so it isn't replaced; write the template again, with another "
            "--output or with --overwrite"
        )


def _is_run(folder: str) -> bool:
    """Whether a folder is a finished run of shardmill's.

    Other programs write a `_SUCCESS`, too.
    """
    manifest = _manifest(folder)
    if manifest is None or not files.exists(files.join(folder, SUCCESS)):
        return False
    try:
        facts = json.loads(manifest)
    except (ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and {"format", "splits", "rows"} <= facts.keys()


def _clear_claim(output: str) -> None:
    """Removes the claim and files of a killed run.

    Only runs of this machine are considered.
    """
    claim = left_claim(output)
    if claim is None:
        return
    replaced = replaced_by(claim.work)
    if files.can_rename(output) and files.exists(replaced):
        if files.exists(output):
            remove_replaced(replaced)
        else:
            files.rename(replaced, output)
    if not _is_run(output):
        for path in files.walk(claim.work):
            files.remove(files.join(output, path[len(claim.work) + 1 :]))
    files.remove(claim.work)
    drop_claim(output)
