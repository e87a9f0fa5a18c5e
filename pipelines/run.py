"""The main job: CSV shards in, TFRecord shards and a transform graph out."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from shardmill.pipelines.config.load import Config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.ready import check_ready
from shardmill.schemas.errors import ConfigError, ShardmillError
from shardmill.transforms.graph import process
from shardmill.transforms.workers import phases

if TYPE_CHECKING:
    from apache_beam.runners.runner import PipelineResult

    from shardmill.pipelines.job.job import Job

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


def run(config: Config, *, overwrite: bool, engine: Engine, progress: Progress) -> RunResult:
    """Runs the main job.

    Args:
        config: The configuration.
        overwrite: Whether a finished run at the output may be replaced.
        engine: What runs it.
        progress: Shows how far it is.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    output = config.output.dir
    if output is None:
        raise ConfigError(f"{config.path}: no output folder; give --output DIR or set output.dir")

    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow import check_paths

        check_paths(
            [*(("input", pattern) for group in config.input.patterns.values() for pattern in group), ("output", output)]
        )

    def plan(work: str) -> "Job":
        from shardmill.pipelines.job.plan import plan_job

        return plan_job(config, work, engine, progress)

    # Beam takes two seconds to import: meanwhile the tracing process imports TensorFlow, which takes longer. For a TF Transform function
    # this process has to import it; elsewhere the worker that traces does.
    traced_here = engine.in_process and config.preprocessing_fn is None
    with process.shared() if traced_here else nullcontext():
        return execute(plan, output, overwrite=overwrite, engine=engine)


def execute(plan: "Callable[[str], Job]", output: str, *, overwrite: bool, engine: Engine) -> RunResult:
    """Does a job in a folder of another name, and publishes it.

    Args:
        plan: Plans the job, given the folder to write into.
        output: The output folder.
        overwrite: Whether a finished run that stands there may be replaced.
        engine: What runs it.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    phases.reset()
    with _terminable():
        from shardmill.pipelines.engines.beam_options import set_file_options
        from shardmill.pipelines.engines.run_pipeline import run_pipeline
        from shardmill.pipelines.job.job import parts_folder
        from shardmill.pipelines.job.stages import build
        from shardmill.pipelines.run_folder.publish import check_apart, publish, work_folder
        from shardmill.transforms.files import files
        from shardmill.transforms.files.temporary import remove_left

        remove_left()
        set_file_options(engine)
        check_ready(engine)
        place = _place(output, engine)
        with (
            work_folder(place, overwrite=overwrite, keep=engine.template is not None) as work,
            _tracer_stops(),
        ):
            files.make_folder(parts_folder(work))
            job = replace(plan(work), publish_to=place if engine.template else None, overwrite=overwrite)
            check_apart(job.inputs, place)
            try:
                result = run_pipeline(lambda pipeline: build(pipeline, job), engine)
            except (ShardmillError, RuntimeError) as error:
                explained = job.features.explained(error)
                # It has the engine's error as its cause, which `--debug` shows.
                if explained is error:
                    raise
                raise explained from error
            if result is None:
                return RunResult(output, {}, {})
            phases.start(_PUBLISH)
            with files.writing(work):
                manifest = _finish(work, engine, result)
            publish(work, place, overwrite=overwrite)
            phases.add(_PUBLISH, 0, 1)
    return RunResult(output, manifest, phases.seconds())


def _place(output: str, engine: Engine) -> str:
    from shardmill.transforms.files import files

    if not files.is_local(output):
        return output
    # What a link leads to may be on another disk, and is renamed there; workers elsewhere have other current folders.
    return os.path.realpath(output) if os.path.islink(output) or not engine.is_local else output


@contextmanager
def _tracer_stops() -> Iterator[None]:
    """Ends the tracing process at an interruption: it would go on to write into a folder that is being removed."""
    try:
        yield
    except KeyboardInterrupt:
        process.shared().interrupt()
        raise


def _finish(work: str, engine: Engine, result: "PipelineResult") -> dict[str, Any]:
    """Removes what isn't part of the run, and writes down how it was made."""
    from shardmill.pipelines.run_folder.manifest import add_metrics
    from shardmill.pipelines.run_folder.publish_stage import tidy
    from shardmill.transforms.workers import metrics

    tidy(work)
    return add_metrics(work, engine.name, metrics.collect(result))


@contextmanager
def _terminable() -> Iterator[None]:
    """Lets SIGTERM, and SIGHUP unless it is ignored, end the run as Ctrl-C does: by way of the clean-up."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001  (the form of a handler)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [each for each in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(each) != signal.SIG_IGN]
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
