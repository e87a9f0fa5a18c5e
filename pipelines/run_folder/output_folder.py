"""Whether a run may be published in a folder."""

import json
import os
from collections.abc import Iterable

from shardmill.pipelines.run_folder.claim import check_unclaimed
from shardmill.pipelines.run_folder.left_folders import check_alone
from shardmill.schemas.errors import OutputError
from shardmill.schemas.run_folder import MANIFEST, MANIFEST_KEYS, SUCCESS
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.files import files


def check_output_folder(output: str, *, overwrite: bool) -> None:
    """Checks that a run may be published in a folder.

    Nothing is written or removed.

    Args:
        output: The output folder.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        OutputError: The folder exists (and isn't a finished run, or `overwrite` isn't set), can't
            be read, or another run writes to it.
    """
    output = output.rstrip("/")
    check_is_folder(output)
    with files.writing(output):
        check_alone(output)
        check_unclaimed(output)
        check_free(output, overwrite=overwrite)


def check_apart(inputs: Iterable[InputFile], output: str) -> None:
    """Checks that no input is in the output folder.

    With `--overwrite` it would be replaced.

    Args:
        inputs: The input files.
        output: The output folder.

    Raises:
        OutputError: An input file is in the output folder.
    """
    found = input_inside(inputs, output)
    if found is not None:
        raise OutputError(
            f"the input {found!r} is in the output folder {output!r}, which the run would replace; choose another output"
        )


def input_inside(inputs: Iterable[InputFile], folder: str) -> str | None:
    """The path of the first input in a folder.

    Args:
        inputs: The input files.
        folder: The folder. Local ones count by where links lead to.

    Returns:
        None where no input is in it.
    """
    outer = os.path.realpath(folder) if files.is_local(folder) else folder.rstrip("/")
    for found in inputs:
        path = os.path.realpath(found.path) if files.is_local(found.path) else found.path
        if path.startswith(f"{outer}/"):
            return found.path
    return None


def check_is_folder(output: str) -> None:
    """Checks that an output is a folder in another.

    Args:
        output: The output folder.

    Raises:
        OutputError: It is a whole bucket, or a mount point.
    """
    _, scheme, path = output.partition("://")
    if scheme and "/" not in path and not files.can_rename(output):
        raise OutputError(
            f"the output folder {output!r} is a whole bucket; name a folder in it, such as {output + '/run'!r}"
        )
    if files.is_local(output) and os.path.ismount(output):
        raise OutputError(
            f"the output folder {output!r} is a mount point, which a run can't replace; name a folder in it, such as {output + '/run'!r}"
        )


def check_free(output: str, *, overwrite: bool) -> None:
    """Checks that an output has nothing that mustn't be replaced.

    Args:
        output: The output folder.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        OutputError: It is a file, a folder that isn't a finished run, or a finished run without
            `overwrite`.
    """
    if not files.exists(output) or (os.path.isdir(output) and not os.listdir(output)):
        return
    if files.is_local(output) and not os.path.isdir(output):
        raise OutputError(f"the output folder {output!r} is a file; choose another with --output or [output] dir")
    if not is_run(output):
        raise OutputError(
            f"the output folder {output!r} exists and isn't a finished run, so it isn't replaced; choose another, or remove it"
        )
    if not overwrite:
        raise OutputError(f"{output!r} holds a finished run; choose another --output, or replace it with --overwrite")


def check_own(work: str, output: str) -> None:
    """Checks that the output has no other job's run.

    An earlier attempt to publish this run has left the same manifest.

    Args:
        work: The work folder of this run.
        output: The output folder.

    Raises:
        OutputError: It has another one's.
    """
    wanted = read_manifest(work)
    if wanted is not None and read_manifest(output) != wanted and is_run(output):
        raise OutputError(
            f"{output!r} holds a finished run that this job hasn't made, so it isn't replaced; write the template again, with another "
            "--output or with --overwrite"
        )


def is_run(folder: str) -> bool:
    """Whether a folder is a finished run of shardmill's.

    Other programs write a `_SUCCESS`, too.

    Args:
        folder: The folder.
    """
    manifest = read_manifest(folder)
    if manifest is None or not files.exists(files.join(folder, SUCCESS)):
        return False
    try:
        facts = json.loads(manifest)
    except (ValueError, RecursionError):
        return False
    return isinstance(facts, dict) and facts.keys() >= MANIFEST_KEYS


def read_manifest(folder: str) -> bytes | None:
    """Reads a run's manifest. None means that there is none.

    Args:
        folder: The run's folder, or its work folder.
    """
    path = files.join(folder, MANIFEST)
    try:
        with files.open_at(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return None
