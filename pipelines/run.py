"""`shardmill run`: makes TFRecord shards and a graph of CSV."""

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.interruption import terminable
from shardmill.pipelines.run_folder.output_folder import is_run
from shardmill.schemas.errors import ConfigError, OutputError
from shardmill.schemas.messages import listed
from shardmill.transforms.files import files
from shardmill.transforms.graph import process
from shardmill.transforms.workers import phases
from shardmill.transforms.workers.load_beam import load_beam

if TYPE_CHECKING:
    from shardmill.pipelines.job.job import Job
    from shardmill.pipelines.job.run_job import RunResult

# Changes listed in a message.
_CHANGES = 5


def run(config: Config, *, overwrite: bool, engine: Engine, progress: Progress, resume: bool = False) -> "RunResult":
    """Runs the main job.

    Args:
        config: The configuration.
        overwrite: Whether a finished run at the output may be replaced.
        engine: The engine that runs it.
        progress: Shows the progress.
        resume: Whether to go on where a run that was stopped ended, and to let one go on from this.
            A finished run that this one would repeat is its result.

    Raises:
        ShardmillError: The run failed; nothing is left that looks finished.
    """
    output = config.output.dir
    if output is None:
        raise ConfigError(f"{config.path}: no output folder; give --output DIR or set output.dir")

    if resume:
        _check_resumable(config.path, engine)
        if not overwrite and (before := _finished_before(config, output, engine, progress)) is not None:
            return before
    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow import check_paths

        check_paths(
            [*(("input", pattern) for group in config.input.patterns.values() for pattern in group), ("output", output)]
        )

    phases.reset()
    # While this process imports Beam (two seconds), the tracing process imports TensorFlow, which
    # takes longer. For a TF Transform function this process imports TensorFlow itself; on other
    # engines the worker that traces does.
    traced_here = engine.in_process and config.preprocessing_fn is None
    with process.shared() if traced_here else nullcontext(), terminable():
        _load_beam(config, engine)
        from shardmill.pipelines.job.run_job import job_folders, run_job

        with job_folders(output, overwrite=overwrite, engine=engine, resume=resume) as folders:
            return run_job(make_job(config, folders.work, engine, progress), folders, engine, progress)


def _check_resumable(path: str, engine: Engine) -> None:
    """Checks that a stopped run is at an end.

    Args:
        path: The configuration's path, for the message.
        engine: The engine.

    Raises:
        ConfigError: A job on a cluster may still be at work.
    """
    if not engine.in_process:
        raise ConfigError(
            f"{path}: --resume: expected the local engine, received the engine {engine.name!r}, whose job outlives the command; "
            "run without --resume"
        )


def _finished_before(config: Config, output: str, engine: Engine, progress: Progress) -> "RunResult | None":
    """Returns the finished run that this one would repeat.

    Returns None where there is no finished run at the output.

    Raises:
        OutputError: There is one, which this one wouldn't repeat.
    """
    with files.reading(output):
        # Without Beam, which is loaded while features are traced.
        if files.is_local(output) and not is_run(output):
            return None
    _load_beam(config, engine)
    from shardmill.pipelines.diff.changed_since import changed_since
    from shardmill.pipelines.engines.beam_options import set_file_options
    from shardmill.pipelines.job.run_job import RunResult, forget_units, published_path
    from shardmill.pipelines.run_folder.finished_run import FinishedRun

    set_file_options(engine)
    with files.reading(output):
        if not is_run(output):
            return None
    phases.reset()
    run = FinishedRun.load(output)
    with terminable():
        changed = list(changed_since(run, config, progress))
    if changed:
        raise OutputError(
            f"--resume: {output!r} holds a finished run, and this one would be another: {listed(changed, _CHANGES, str)}; "
            "choose another --output, or replace it with --overwrite"
        )
    forget_units(published_path(output, engine))
    return RunResult(output, run.manifest, {}, was_finished=True)


def _load_beam(config: Config, engine: Engine) -> None:
    load_beam(local=engine.is_local and config.preprocessing_fn is None)


def make_job(config: Config, work: str, engine: Engine, progress: Progress) -> "Job":
    """Makes the job of a configuration.

    Where the configuration names no schema, all of the input is read once to infer its columns'
    types, and the job takes the units of that reading, or those that were validated. Functions are
    traced.

    Args:
        config: The configuration.
        work: The folder to write into.
        engine: The engine that reads the input to infer its schema, and will run the job.
        progress: Shows the reading of data, and the loading of functions.

    Raises:
        ConfigError: The features or the split key don't fit the columns, a function fails, or input
            is in the cache.
        DataError: The input can't be found or read.
    """
    from shardmill.pipelines.job.column_types import find_columns
    from shardmill.pipelines.job.input_files import list_files
    from shardmill.pipelines.job.job import parts_folder
    from shardmill.pipelines.job.plan import check_columns, plan_job
    from shardmill.pipelines.job.preflight import check_cache_apart
    from shardmill.pipelines.job.prepare_features import prepare_features
    from shardmill.pipelines.validate.before_run import validate_input

    inputs = list_files(config.input.patterns)
    check_cache_apart(inputs, config.analysis.cache)
    validated = validate_input(config, inputs, work, engine, progress)
    schema, planned = find_columns(config, inputs, parts_folder(work), engine, progress)
    check_columns(config, schema)
    features = prepare_features(config, schema, work, engine, progress)
    job = plan_job(config, inputs, schema, features, work)
    return replace(job, planned=planned or validated.units, facts={**job.facts, **validated.anomalies})
