"""Runs a job in a work folder and publishes it."""

import os
from collections.abc import Iterator, Mapping, Sequence
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
from shardmill.pipelines.job.stages import build_stages
from shardmill.pipelines.report.clock_metrics import clock_metrics
from shardmill.pipelines.report.write_report import write_report
from shardmill.pipelines.run_folder.left_folders import left_by_others
from shardmill.pipelines.run_folder.manifest import add_metrics
from shardmill.pipelines.run_folder.output_folder import check_apart
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.publish_stage import tidy
from shardmill.pipelines.run_folder.published import tidying
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.run_folder import METADATA, RAW_SCHEMA, REJECTED_FOLDER
from shardmill.schemas.schema_pbtxt import format_schema
from shardmill.transforms.files import files
from shardmill.transforms.files.temporary import remove_left
from shardmill.transforms.graph import process
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.repeats.find_repeats import PHASE as KEYS_PHASE
from shardmill.transforms.workers import metrics, phases

_PUBLISH = "publish"
# The end of the name of the folder beside the output in which finished units outlive a run.
RESUME = ".incomplete-resume"


@dataclass(frozen=True)
class RunResult:
    """A finished run.

    Attributes:
        output: The run's folder.
        manifest: The run's manifest; empty where only a template was written.
        seconds: Wall-clock seconds of each phase, and of the whole run as `total`, which is their
            sum.
        grave: The titles of the report's grave warnings, the gravest first.
        was_finished: Whether it was finished before, and nothing was done.
    """

    output: str
    manifest: Mapping[str, Any]
    seconds: Mapping[str, float]
    grave: Sequence[str] = ()
    was_finished: bool = False


@dataclass(frozen=True, kw_only=True)
class JobFolders:
    """The folders that a job writes to.

    Attributes:
        output: The output folder, as the user names it.
        published: The path of the output folder for workers.
        work: The folder to write into until the run is published.
        overwrite: Whether a finished run in the output folder may be replaced.
        resume: The folder of finished units, of which those of a run that was stopped aren't done
            again. None means that all are done, and none outlive the run.
    """

    output: str
    published: str
    work: str
    overwrite: bool
    resume: KeptEntries | None = None


@contextmanager
def job_folders(output: str, *, overwrite: bool, engine: Engine, resume: bool = False) -> Iterator[JobFolders]:
    """Provides a work folder for a job.

    When the block ends, the folder has been published or is removed.

    Args:
        output: The output folder.
        overwrite: Whether a finished run there may be replaced.
        engine: The engine that will run the job.
        resume: Whether finished units outlive the run, and those of a stopped run are used.

    Raises:
        ShardmillError: The engine can't be reached, or the job can't write to the output.
    """
    remove_left()
    set_file_options(engine)
    check_ready(engine)
    published = published_path(output, engine)
    with work_folder(published, overwrite=overwrite, keep=engine.template is not None) as work, tracer_stops():
        files.make_folder(parts_folder(work))
        kept = KeptEntries(f"{published.rstrip('/')}{RESUME}", "--resume") if resume else None
        yield JobFolders(output=output, published=published, work=work, overwrite=overwrite, resume=kept)


def run_job(job: Job, folders: JobFolders, engine: Engine, progress: Progress) -> RunResult:
    """Runs a job and publishes the run.

    Args:
        job: The job, which writes into the work folder.
        folders: The job's folders.
        engine: The engine that runs it.
        progress: Shows the phases.

    Raises:
        ShardmillError: The job failed; nothing is left that looks finished.
    """
    job = replace(job, publish_to=folders.published if engine.template else None, overwrite=folders.overwrite)
    check_apart(job.inputs, folders.published)
    for left in left_by_others(folders.published.rstrip("/"), folders.work):
        progress.warn(f"a run that was killed may have left {left!r}; if none is at work there, remove it")
    if folders.resume is not None:
        job = replace(job, kept=job.kept or folders.resume, resume=folders.resume)
    for kept in filter(None, {job.kept, job.resume}):
        kept.prepare()
    prepare_job(job, engine, progress)
    try:
        result = run_pipeline(lambda pipeline: build_stages(pipeline, job), engine)
    except (ShardmillError, RuntimeError) as error:
        explained = job.features.explained(error)
        # The engine's error becomes the cause, which `--debug` shows.
        if explained is error:
            raise
        raise explained from error
    if result is None:
        return RunResult(folders.output, {}, {})
    phases.start(_PUBLISH)
    with files.writing(folders.work):
        manifest, grave = _finish(folders, engine, result)
    publish(folders.work, folders.published, overwrite=folders.overwrite)
    # On a disk those of an earlier run, too, though this one didn't go on from it.
    if folders.resume is not None or files.is_local(folders.published):
        forget_units(folders.published)
    phases.add(_PUBLISH, 0, 1)
    return RunResult(folders.output, manifest, phases.seconds(), grave)


def prepare_job(job: Job, engine: Engine, progress: Progress) -> None:
    """Prepares a job's pipeline.

    It traces features early, fills the work folder, and announces the phases.

    Args:
        job: The job.
        engine: The engine that will run it.
        progress: Shows the phases.
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
    size, reading = text_size(job.inputs), job.reading
    scanned = (
        0 if job.planned else scanned_size(job.inputs, reading.dialect, len(reading.selection.names), job.unit_bytes)
    )
    phases_between = job.features.phases(size)
    first = job.features.first_phase
    keys = {} if reading.repeats is None else {KEYS_PHASE: size}
    group = {} if job.grouping is None else {"group": size}
    last = {"transform": size, "write": None, _PUBLISH: None}
    progress.announce({"scan": scanned, **keys, first: size, **phases_between, **group, **last}, last=True)


def published_path(output: str, engine: Engine) -> str:
    """Returns the path of an output folder for workers.

    Args:
        output: The output folder, as the user names it.
        engine: The engine.
    """
    if not files.is_local(output):
        return output
    # A link is resolved: its target may be on another disk, where the work folder must be, too, to
    # be renamed. Workers of other engines may have another current folder.
    return os.path.realpath(output) if os.path.islink(output) or not engine.is_local else output


def forget_units(published: str) -> None:
    """Removes the finished units of a run that is published.

    Args:
        published: The run's folder.
    """
    with tidying():
        files.remove(f"{published.rstrip('/')}{RESUME}")


def _finish(folders: JobFolders, engine: Engine, result: PipelineResult) -> tuple[dict[str, Any], list[str]]:
    """Removes temporary files, completes the manifest, adds the report.

    Returns the manifest and the report's grave warnings.
    """
    tidy(folders.work)
    counted = {**metrics.collect(result), **clock_metrics(phases.seconds())}
    manifest = add_metrics(folders.work, engine.name, counted)
    return manifest, write_report(folders.work, folders.output)
