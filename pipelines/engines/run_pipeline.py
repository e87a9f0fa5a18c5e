"""Runs a pipeline on an engine and waits for it."""

import contextlib
import io
from collections.abc import Callable

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.runner import PipelineResult, PipelineState
from apache_beam.transforms.environments import EmbeddedPythonGrpcEnvironment, python_sdk_capabilities
from apache_beam.utils.subprocess_server import SubprocessServer

from shardmill.pipelines.engines.beam_options import pipeline_options
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.failure import explain_failure
from shardmill.transforms.workers.check_workers import CheckWorkers
from shardmill.transforms.workers.quick_bundles import quick_bundles

# Workers are threads of this process. With `--direct_running_mode=multi_threading` Beam 2.77
# flushes their output buffers every second, even in the middle of an element that is being encoded,
# and garbage is read back. A limit of ten years prevents that.
_THREADS = EmbeddedPythonGrpcEnvironment(
    data_buffer_time_limit_ms=10 * 365 * 86_400_000, capabilities=python_sdk_capabilities()
)


def run_pipeline(build: Callable[[beam.Pipeline], None], engine: Engine) -> PipelineResult | None:
    """Builds a pipeline, runs it and waits for its end.

    A job that runs elsewhere is cancelled when this process is interrupted.

    Args:
        build: Adds the stages.
        engine: The engine. The local one names `FnApiRunner` explicitly, since Beam's default looks
            for a runner on the network; its workers are threads of this process (the heavy steps
            release the GIL).

    Returns:
        Beam's result; None where a template was written.

    Raises:
        ShardmillError: A worker raised it, or the engine failed.
    """
    options = pipeline_options(engine)
    try:
        with quick_bundles() if engine.in_process else contextlib.nullcontext():
            pipeline = beam.Pipeline(runner=FnApiRunner(_THREADS) if engine.is_local else None, options=options)
            build(pipeline)
            # Beam prints the traceback of a worker's error; the error that it raises says it, too.
            with contextlib.redirect_stderr(io.StringIO()):
                result = pipeline.run()
                if not engine.template:
                    _wait(result)
    except Exception as error:  # whatever the engine's client raises
        explained = explain_failure(error, engine)
        if explained is None:
            raise
        raise explained from error
    return None if engine.template else result


def _wait(result: PipelineResult) -> None:
    try:
        state = result.wait_until_finish()
    except KeyboardInterrupt:
        # Cancelling may fail where the engine has failed; the interruption is reported all the
        # same.
        with contextlib.suppress(Exception):
            result.cancel()
        raise
    # Some runners raise no error for a job that has already ended when they first look.
    if state != PipelineState.DONE:
        raise RuntimeError(f"Pipeline failed in state {state}")


def check_workers(engine: Engine, folder: str) -> None:
    """Runs a job that only checks versions and access.

    Args:
        engine: The engine.
        folder: A folder to write into.

    Raises:
        ShardmillError: A worker isn't fit for a job, or the engine failed.
    """

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "CheckWorkers" >> CheckWorkers(folder)

    run_pipeline(build, engine)


def stop_servers() -> None:
    """Stops the Prism or job server that Beam started.

    Beam itself stops it only when the process exits regularly.
    """
    for server in SubprocessServer._cache._cache.values():  # noqa: SLF001  (Beam has no public way to it)
        process, _ = server.obj
        process.terminate()
