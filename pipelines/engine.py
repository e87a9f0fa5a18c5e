"""The engine that runs a pipeline: Beam's own in-process one unless Beam's options name another."""

import contextlib
import io
import os
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.transforms.environments import EmbeddedPythonGrpcEnvironment, python_sdk_capabilities

from schemas import errors

# Workers are threads of this process. As `--direct_running_mode=multi_threading` has it, Beam 2.77 empties their output buffers
# every second, in the middle of an element if it happens to be encoded: what is read back is garbage. Ten years prevent that.
_THREADS = EmbeddedPythonGrpcEnvironment(
    data_buffer_time_limit_ms=10 * 365 * 86_400_000, capabilities=python_sdk_capabilities()
)

_View = TypeVar("_View", bound=PipelineOptions)

# What Beam adds to a worker's error, and how the error looks in the text that most engines give back.
_STAGE = " [while running '"
_WORKER_ERROR = re.compile(
    rf"schemas\.errors\.(?P<kind>\w+): (?P<message>.*?)(?={re.escape(_STAGE)}|\nDuring handling of|\nThe above exception|\Z)",
    re.DOTALL,
)


def run_pipeline(build: Callable[[beam.Pipeline], None], beam_args: Sequence[str], workers: int | None) -> None:
    """Builds a pipeline, runs it and waits for its end.

    The default engine is named explicitly, so that nothing is looked for on the network: `FnApiRunner`, with threads of this
    process (the heavy steps release the interpreter's lock).

    Args:
        build: Adds the stages.
        beam_args: Beam's options; `--runner` among them names another engine.
        workers: Threads of the in-process engine; None: one per core.

    Raises:
        ShardmillError: What a worker raised.
    """
    local = not any(arg.startswith("--runner") for arg in beam_args)
    options = _Options([f"--direct_num_workers={workers or cores()}", *beam_args] if local else list(beam_args))
    pipeline = beam.Pipeline(runner=FnApiRunner(_THREADS) if local else None, options=options)
    build(pipeline)
    try:
        # Beam prints the traceback of a worker's error; what failed is in the error that is raised.
        with contextlib.redirect_stderr(io.StringIO()):
            pipeline.run().wait_until_finish()
    except errors.ShardmillError as error:
        raise type(error)(str(error).partition(_STAGE)[0]) from error
    except RuntimeError as error:
        raise (find_error(str(error)) or error) from error


class _Options(PipelineOptions):  # type: ignore[misc]
    """Options that are parsed once for each kind.

    Beam asks for the same ones at every step that a pipeline is built of, and parses the arguments anew: of hundreds of steps, as TF
    Transform has them, a second.
    """

    def __init__(self, flags: list[str]) -> None:
        # Beam takes any other attribute for an option.
        object.__setattr__(self, "_views", {})
        super().__init__(flags)

    def view_as(self, cls: type[_View]) -> _View:
        """The options of a kind; they share their values with all others."""
        if cls not in self._views:
            self._views[cls] = super().view_as(cls)
        view: _View = self._views[cls]
        return view


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def find_error(text: str) -> errors.ShardmillError | None:
    """The error that a worker raised, out of the text that the engine gives back.

    Args:
        text: The engine's error, a traceback for most engines.
    """
    found = list(_WORKER_ERROR.finditer(text))
    if not found:
        return None
    kind = getattr(errors, found[-1]["kind"], errors.ShardmillError)
    return kind(found[-1]["message"].strip()) if issubclass(kind, errors.ShardmillError) else None
