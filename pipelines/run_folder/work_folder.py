"""The folder that a run writes into before its publication.

It stands beside the output folder, under another name.
"""

import contextlib
from collections.abc import Iterator

from shardmill.pipelines.run_folder.claim import drop_claim, left_claim
from shardmill.pipelines.run_folder.left_folders import PARTS, clear_left, named, remove_replaced, replaced_by
from shardmill.pipelines.run_folder.output_folder import check_is_folder, check_output_folder, is_run
from shardmill.pipelines.run_folder.published import tidying
from shardmill.transforms.files import files


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
    check_is_folder(output)
    with files.writing(output):
        clear_left(output)
        _clear_claim(output)
    check_output_folder(output, overwrite=overwrite)
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
            with tidying():
                files.remove(work)


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
    if not is_run(output):
        for path in files.walk(claim.work):
            files.remove(files.join(output, path[len(claim.work) + 1 :]))
    files.remove(claim.work)
    drop_claim(output)
