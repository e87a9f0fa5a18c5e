"""Publishing as the last stage of the pipeline: for a job that nobody waits for, launched from a template."""

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

import apache_beam as beam

from shardmill.pipelines.run_folder.manifest import add_metrics
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.work_folders import PARTS
from shardmill.schemas.errors import OutputError
from shardmill.schemas.run_folder import MANIFEST, PARTS_FOLDER, RAW_SCHEMA, REJECTED_FOLDER, SUCCESS
from shardmill.transforms.files import files

_Element = TypeVar("_Element")


@dataclass(eq=False)
class PublishRun(beam.PTransform):  # type: ignore[misc]
    """Gives a run its name, once its manifest is written.

    Expects a PCollection of one element, whatever it is, which says that the manifest is written.

    Attributes:
        work: The work folder.
        output: The output folder.
        engine: What the manifest says that the pipeline ran on.
        overwrite: Whether a finished run of another job that stands there by then may be replaced.
    """

    work: str
    output: str
    engine: str
    overwrite: bool = field(kw_only=True)

    def expand(self, written: beam.PCollection[Any]) -> beam.PCollection[None]:
        """One stage of its own: a second attempt at it doesn't write the manifest anew."""
        return (
            written
            | "ManifestIsWritten" >> beam.Reshuffle()
            | "Publish" >> beam.Map(_publish, self.work, self.output, self.engine, overwrite=self.overwrite)
        )


def check_prepared(element: _Element, work: str) -> _Element:
    """Passes an element on if the work folder is as the template was written with: so it is until a launch publishes it.

    Args:
        element: Anything.
        work: The work folder.

    Raises:
        OutputError: Something that the job starts from isn't there any more.
    """
    if not files.exists(files.join(work, RAW_SCHEMA)):
        raise OutputError(
            f"the template's work folder {work!r} is gone: the template has been launched before. Its input and its output are fixed, so "
            "it does its job once; write another, or launch the Flex Template"
        )
    return element


def tidy(work: str) -> None:
    """Removes from a work folder what isn't to be published.

    Args:
        work: The work folder, with all that the run has made.
    """
    parts = files.join(work, PARTS_FOLDER)
    if files.can_rename(work) and files.exists(parts):
        # A worker that was given up may still be writing there, so that it can't be emptied: from now on that fails.
        files.rename(parts, f"{work}{PARTS}")
        parts = f"{work}{PARTS}"
    files.remove(parts)
    with files.open_at(files.join(work, MANIFEST)) as stream:
        manifest = json.load(stream)
    if not manifest["rows"]["rejected"]:
        files.remove(files.join(work, REJECTED_FOLDER))


def _publish(_: Any, work: str, output: str, engine: str, *, overwrite: bool = False) -> None:
    manifest = files.join(work, MANIFEST)
    if files.exists(manifest) or not files.exists(files.join(output, SUCCESS)):
        tidy(work)
        # What workers counted is known to nobody here.
        add_metrics(work, engine, {})
        publish(work, output, overwrite=overwrite, alone=False)
        # First, and with the rest still there: an attempt after this one finds nothing left to publish.
        files.remove(manifest)
    files.remove(work)
