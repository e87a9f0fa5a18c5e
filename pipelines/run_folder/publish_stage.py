"""Publishing as the pipeline's last stage.

A job that is launched from a template has no submitting process that waits for it.
"""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import apache_beam as beam

from shardmill.pipelines.run_folder.left_folders import PARTS
from shardmill.pipelines.run_folder.manifest import add_metrics
from shardmill.pipelines.run_folder.publish import publish
from shardmill.schemas.errors import OutputError
from shardmill.schemas.run_folder import MANIFEST, PARTS_FOLDER, RAW_SCHEMA, REJECTED_FOLDER, SUCCESS
from shardmill.transforms.files import files

# Threads that remove part files: the system takes 0.2 s to free a gigabyte of them.
_REMOVERS = 4

_Element = TypeVar("_Element")


@dataclass(eq=False)
class PublishRun(beam.PTransform):  # type: ignore[misc]
    """Publishes a run once its manifest is written.

    Expects a PCollection of one element of any type, which exists once the manifest is written.

    Attributes:
        work: The work folder.
        output: The output folder.
        engine: The engine to name in the manifest.
        report: Writes the report into the work folder, given it and the output folder.
        overwrite: Whether a finished run of another job may be replaced, if one is there by then.
    """

    work: str
    output: str
    engine: str
    report: Callable[[str, str], object]
    overwrite: bool = field(kw_only=True)

    def expand(self, written: beam.PCollection[Any]) -> beam.PCollection[None]:
        """Adds a stage of its own.

        A second attempt at it doesn't write the manifest again.
        """
        return (
            written
            | "ManifestIsWritten" >> beam.Reshuffle()
            | "Publish"
            >> beam.Map(_publish, self.work, self.output, self.engine, self.report, overwrite=self.overwrite)
        )


def check_prepared(element: _Element, work: str) -> _Element:
    """Passes an element on if the template's work folder exists.

    It exists until a launch of the template publishes it.

    Args:
        element: Any element.
        work: The work folder.

    Raises:
        OutputError: The work folder's files are gone.
    """
    if not files.exists(files.join(work, RAW_SCHEMA)):
        raise OutputError(
            f"the template's work folder {work!r} is gone: the template has been launched before, and since its input and output are "
            "fixed, it runs only once; write another template, or launch the Flex Template"
        )
    return element


def tidy(work: str) -> None:
    """Removes files from a work folder that aren't published.

    Args:
        work: The work folder, with all files of the run.
    """
    parts = files.join(work, PARTS_FOLDER)
    if files.can_rename(work) and files.exists(parts):
        # A worker that the engine has given up may still be writing there, so that the folder can't
        # be emptied; after the renaming its writes fail.
        files.rename(parts, f"{work}{PARTS}")
        parts = f"{work}{PARTS}"
    _remove_parts(parts)
    with files.open_at(files.join(work, MANIFEST)) as stream:
        manifest = json.load(stream)
    if not manifest["rows"]["rejected"]:
        files.remove(files.join(work, REJECTED_FOLDER))


def _remove_parts(folder: str) -> None:
    if files.is_local(folder) and os.path.isdir(folder):
        with ThreadPoolExecutor(_REMOVERS) as pool:
            for name in os.listdir(folder):
                pool.submit(os.unlink, os.path.join(folder, name))
    # Folders are left, and what couldn't be removed.
    files.remove(folder)


def _publish(
    _: Any, work: str, output: str, engine: str, report: Callable[[str, str], object], *, overwrite: bool = False
) -> None:
    manifest = files.join(work, MANIFEST)
    if files.exists(manifest) or not files.exists(files.join(output, SUCCESS)):
        tidy(work)
        # The workers' counts aren't known in this stage.
        add_metrics(work, engine, {})
        report(work, output)
        publish(work, output, overwrite=overwrite, alone=False)
        # The manifest goes first: a later attempt that finds the other files then knows that
        # nothing is left to publish.
        files.remove(manifest)
    files.remove(work)
