"""Publishes a run: all of it at once, or nothing.

A run writes into a work folder of another name, which is renamed at the very end. Object stores
can't rename folders: there the files are copied, the manifest and `_SUCCESS` last.
"""

import contextlib
import errno
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from shardmill.pipelines.run_folder.claim import claimed
from shardmill.pipelines.run_folder.left_folders import remove_replaced, replaced_by
from shardmill.pipelines.run_folder.output_folder import check_free, check_own, read_manifest
from shardmill.pipelines.run_folder.published import folders, tidying
from shardmill.schemas.errors import DataError, OutputError
from shardmill.schemas.run_folder import MANIFEST, SUCCESS
from shardmill.transforms.files import copying, files

# Errors of renaming to a folder that isn't empty.
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)
# Threads that copy: each waits for the store most of the time.
_COPIERS = 16


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
            check_free(output, overwrite=overwrite)
        elif not overwrite:
            check_own(work, output)
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
        with tidying():
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
    wanted = read_manifest(work)
    if wanted is None and files.exists(files.join(output, SUCCESS)):
        return
    try:
        new = _paths(work)
        # Read the output's manifest after listing the work folder: if the listing lacks files that
        # the other attempt has removed, its manifest is already in the output.
        if read_manifest(output) != wanted:
            files.remove(files.join(output, SUCCESS))
            # Keep the other attempt's copies: it may be about to write `_SUCCESS`.
            for path in files.walk(output):
                if path[len(output) + 1 :] not in new:
                    files.remove(path)
            _copy(work, output, new)
    except (OSError, DataError, OutputError):
        # The manifest is copied last: where it is, all other files are.
        if wanted is None or read_manifest(output) != wanted:
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


def _copy(work: str, output: str, paths: Sequence[str]) -> None:
    with ThreadPoolExecutor(_COPIERS) as pool:
        copies = [
            pool.submit(copying.copy, files.join(work, path), files.join(output, path))
            for path in paths
            if path != MANIFEST
        ]
        try:
            for copied in copies:
                copied.result()
        finally:
            pool.shutdown(cancel_futures=True)
    copying.copy(files.join(work, MANIFEST), files.join(output, MANIFEST))
