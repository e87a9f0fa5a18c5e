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
from shardmill.transforms.check_workers import CheckWorkers

# Workers are threads of this process. As `--direct_running_mode=multi_threading` has it, Beam 2.77 empties their output buffers
# every second, in the middle of an element if it happens to be encoded: what is read back is garbage. Ten years prevent that.
_THREADS = EmbeddedPythonGrpcEnvironment(
    data_buffer_time_limit_ms=10 * 365 * 86_400_000, capabilities=python_sdk_capabilities()
)


def run_pipeline(build: Callable[[beam.Pipeline], None], engine: Engine) -> PipelineResult | None:
    """Builds a pipeline, runs it and waits for its end; a job that runs elsewhere is cancelled when this process is interrupted.

    Args:
        build: Adds the stages.
        engine: What runs them. The local one is named explicitly, so that nothing is looked for on the network: `FnApiRunner`, with
            threads of this process (the heavy steps release the interpreter's lock).

    Returns:
        Beam's result; None where a template was written.

    Raises:
        ShardmillError: What a worker raised, or why the engine failed.
    """
    options = pipeline_options(engine)
    try:
        pipeline = beam.Pipeline(runner=FnApiRunner(_THREADS) if engine.is_local else None, options=options)
        build(pipeline)
        # Beam prints the traceback of a worker's error; what failed is in the error that is raised.
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
        # The engine may be what has failed: the interruption is what counts.
        with contextlib.suppress(Exception):
            result.cancel()
        raise
    # Not every runner raises an error for what it found ended at its first look.
    if state != PipelineState.DONE:
        raise RuntimeError(f"Pipeline failed in state {state}")


def check_workers(engine: Engine, folder: str) -> None:
    """Runs a job that does nothing but see whether a worker is as a job needs it.

    Args:
        engine: The engine.
        folder: A folder to write into.

    Raises:
        ShardmillError: What the worker lacks, or why the engine failed.
    """

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | "CheckWorkers" >> CheckWorkers(folder)

    run_pipeline(build, engine)


def stop_servers() -> None:
    """Ends Prism, or a job server, that Beam has started for this process: by itself it would at a regular exit only."""
    for server in SubprocessServer._cache._cache.values():  # noqa: SLF001  (Beam has no public way to it)
        process, _ = server.obj
        process.terminate()
