"""Runs a planned job in a work folder, and publishes what it has made."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from apache_beam.runners.runner import PipelineResult

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.beam_options import set_file_options
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.ready import check_ready
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.pipelines.job.input_files import scanned_size, text_size
from shardmill.pipelines.job.interruption import tracer_stops
from shardmill.pipelines.job.job import Job, parts_folder
from shardmill.pipelines.job.stages import build
from shardmill.pipelines.run_folder.manifest import add_metrics
from shardmill.pipelines.run_folder.publish import check_apart, publish, work_folder
from shardmill.pipelines.run_folder.publish_stage import tidy
from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.run_folder import METADATA, RAW_SCHEMA, REJECTED_FOLDER
from shardmill.schemas.schema_pbtxt import format_schema
from shardmill.transforms.files import files
from shardmill.transforms.files.temporary import remove_left
from shardmill.transforms.graph import process
from shardmill.transforms.workers import metrics, phases

_PUBLISH = "publish"


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        output: Its folder.
        manifest: Its manifest; empty where only a template was written.
        seconds: Wall seconds of each phase, and of the whole run as `total`, which is their sum.
    """

    output: str
    manifest: Mapping[str, Any]
    seconds: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a job writes.

    Attributes:
        output: The output folder, as the user names it.
        published: The same, as workers find it.
        work: The folder to write into before that.
        overwrite: Whether a finished run that stands at the output may be replaced.
    """

    output: str
    published: str
    work: str
    overwrite: bool


@contextmanager
def open_place(output: str, *, overwrite: bool, engine: Engine) -> Iterator[Place]:
    """Makes a work folder for a job, which is gone when the block ends, by publishing or by failure.

    Args:
        output: The output folder.
        overwrite: Whether a finished run that stands there may be replaced.
        engine: What is to run the job.

    Raises:
        ShardmillError: The engine isn't there, or the job can't write to the output.
    """
    remove_left()
    set_file_options(engine)
    check_ready(engine)
    published = _published(output, engine)
    with work_folder(published, overwrite=overwrite, keep=engine.template is not None) as work, tracer_stops():
        files.make_folder(parts_folder(work))
        yield Place(output=output, published=published, work=work, overwrite=overwrite)


def run_job(job: Job, place: Place, engine: Engine, progress: Progress) -> RunResult:
    """Runs a job and publishes what it has made.

    Args:
        job: The job, which writes into the place's work folder.
        place: Where it writes.
        engine: What runs it.
        progress: Is told the phases.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    job = replace(job, publish_to=place.published if engine.template else None, overwrite=place.overwrite)
    check_apart(job.inputs, place.published)
    prepare_job(job, engine, progress)
    try:
        result = run_pipeline(lambda pipeline: build(pipeline, job), engine)
    except (ShardmillError, RuntimeError) as error:
        explained = job.features.explained(error)
        # It has the engine's error as its cause, which `--debug` shows.
        if explained is error:
            raise
        raise explained from error
    if result is None:
        return RunResult(place.output, {}, {})
    phases.start(_PUBLISH)
    with files.writing(place.work):
        manifest = _finish(place.work, engine, result)
    publish(place.work, place.published, overwrite=place.overwrite)
    phases.add(_PUBLISH, 0, 1)
    return RunResult(place.output, manifest, phases.seconds())


def prepare_job(job: Job, engine: Engine, progress: Progress) -> None:
    """Does what must be done before a job's pipeline runs: early tracing, the work folder's contents, the phases to show.

    Args:
        job: The job.
        engine: What is to run it.
        progress: Is told the phases.
    """
    if engine.in_process:
        job.features.trace_early()
    else:
        process.shared().release()
    for folder in (files.join(job.work, METADATA), files.join(job.work, REJECTED_FOLDER), job.parts):
        files.make_folder(folder)
    if RAW_SCHEMA not in job.held:
        path = files.join(job.work, RAW_SCHEMA)
        with files.created(path) as stream:
            stream.write(format_schema(job.schema).encode())
    size, scanned = text_size(job.inputs), scanned_size(job.inputs, job.reading.dialect, job.unit_bytes)
    phases_between = job.features.phases(size)
    progress.announce({"scan": scanned, "analyze": size, **phases_between, "transform": size, "write": None})


def _published(output: str, engine: Engine) -> str:
    if not files.is_local(output):
        return output
    # What a link leads to may be on another disk, and is renamed there; workers elsewhere have other current folders.
    return os.path.realpath(output) if os.path.islink(output) or not engine.is_local else output


def _finish(work: str, engine: Engine, result: PipelineResult) -> dict[str, Any]:
    """Removes what isn't part of the run, and writes down how it was made."""
    tidy(work)
    return add_metrics(work, engine.name, metrics.collect(result))
