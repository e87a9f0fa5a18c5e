"""The engine: which one, and what its failures become."""

import time
from collections.abc import Callable
from pathlib import Path

import apache_beam as beam
import pytest

from pipelines.engine import run_pipeline
from pipelines.engine_failure import find_error
from pipelines.engines import Engine
from schemas.errors import ConfigError, DataError, ShardmillError


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
    text = "Traceback ...\nschemas.errors.ConfigError: no [while running 'A']\n\nschemas.errors.OutputError: full [while running 'B']\n"
    found = find_error(text)
    assert type(found).__name__ == "OutputError"
    assert str(found) == "full"
    assert find_error("ValueError: other") is None
    assert isinstance(ConfigError("x"), ShardmillError)
