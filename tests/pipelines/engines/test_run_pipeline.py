"""The engine: which one, and what its failures become."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import DirectOptions, PipelineOptions
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

from shardmill.pipelines.engines.beam_options import pipeline_options
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.failure import find_error
from shardmill.pipelines.engines.processes import cores
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.schemas.errors import ConfigError, DataError, EngineError, ShardmillError


def _raise(error: type[Exception], message: str) -> Callable[[int], None]:
    def fail(_: int) -> None:
        raise error(message)

    return fail


@pytest.mark.parametrize("workers", [1, 2])
def test_a_workers_error_comes_back_as_itself(workers: int) -> None:
    """The error that a worker raised is raised by the run: same class, same message, several lines of it too."""
    message = "data.csv, line 3: expected an integer, found 'x'\n  second line"
    with pytest.raises(DataError) as error:
        run_pipeline(lambda pipeline: _build(pipeline, _raise(DataError, message)), Engine(workers=workers))
    assert str(error.value) == message


class _SlowToPickle:
    """Takes longer to encode than Beam's threads wait before they empty their buffers by default."""

    def __reduce__(self) -> tuple[type[bytes], tuple[bytes]]:
        time.sleep(1.5)
        return bytes, (b"whole",)


def test_an_element_that_is_slow_to_encode_arrives_whole(tmp_path: Path) -> None:
    """Threads hand elements on whole, however long it takes to encode them."""

    def build(pipeline: beam.Pipeline) -> None:
        made = pipeline | beam.Create([1]) | beam.Map(lambda _: ("key", _SlowToPickle()))
        _ = (
            made
            | beam.GroupByKey()
            | beam.MapTuple(lambda _, values: (tmp_path / "found").write_bytes(b"".join(values)))
        )

    run_pipeline(build, Engine(workers=2))
    assert (tmp_path / "found").read_bytes() == b"whole"


def test_other_failures_keep_their_traceback() -> None:
    """What is no error of ours is not hidden."""
    with pytest.raises(RuntimeError, match="ZeroDivisionError: x"):
        run_pipeline(lambda pipeline: _build(pipeline, _raise(ZeroDivisionError, "x")), Engine(workers=2))


def _build(pipeline: beam.Pipeline, fail: Callable[[int], None]) -> None:
    _ = pipeline | beam.Create([1]) | "Fail" >> beam.Map(fail)


def test_errors_are_found_in_tracebacks() -> None:
    """The last of our errors in an engine's text is the one."""
    text = (
        "Traceback ...\nshardmill.schemas.errors.ConfigError: no [while running 'A']\n\n"
        "shardmill.schemas.errors.OutputError: full [while running 'B']\n"
    )
    found = find_error(text)
    assert type(found).__name__ == "OutputError"
    assert str(found) == "full"
    assert find_error("ValueError: other") is None
    assert isinstance(ConfigError("x"), ShardmillError)


def test_threads_are_as_many_as_was_said() -> None:
    """The local engine has the threads that `--workers` says, else one per core; what others have is their options' business."""
    threads = [
        pipeline_options(engine).view_as(DirectOptions).direct_num_workers
        for engine in (Engine(workers=3), Engine(), Engine("DirectRunner", ("--direct_num_workers=5",)))
    ]
    assert threads == [3, cores(), 5]


class _Job(PipelineResult):  # type: ignore[misc]
    cancelled = False

    def wait_until_finish(self, duration: int | None = None) -> str:
        if self.state == PipelineState.RUNNING:
            raise KeyboardInterrupt
        return str(self.state)

    def cancel(self) -> None:
        _Job.cancelled = True
        raise ConnectionError("the engine is gone")


class CancelledElsewhere(PipelineRunner):  # type: ignore[misc]
    """An engine whose job is found cancelled, which Beam tells by its state alone; it prints."""

    def run_pipeline(self, pipeline: beam.Pipeline, options: PipelineOptions) -> _Job:
        """Says how the job is."""
        print("Traceback ...", file=sys.stderr)  # noqa: T201
        return _Job(PipelineState.CANCELLED)


class Interrupted(PipelineRunner):  # type: ignore[misc]
    """An engine that is gone when the user presses Ctrl-C."""

    def run_pipeline(self, pipeline: beam.Pipeline, options: PipelineOptions) -> _Job:
        """Says how the job is."""
        return _Job(PipelineState.RUNNING)


def _run_nothing(runner: type[PipelineRunner]) -> None:
    name = f"{runner.__module__}.{runner.__qualname__}"
    run_pipeline(lambda _: None, Engine(name, (f"--runner={name}",)))


def test_a_job_that_ended_otherwise_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A job that isn't done has failed, though its client raises nothing; what Beam prints isn't shown."""
    with pytest.raises(EngineError, match=r"the job was cancelled on .*nothing was published"):
        _run_nothing(CancelledElsewhere)
    assert capsys.readouterr().err == ""


def test_an_interruption_counts_though_the_engine_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job is cancelled; where that fails, the user still reads that the run was interrupted."""
    monkeypatch.setattr(_Job, "cancelled", False)
    with pytest.raises(KeyboardInterrupt):
        _run_nothing(Interrupted)
    assert _Job.cancelled
