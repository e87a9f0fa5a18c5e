"""The process that traces the graph."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from shardmill.schemas.errors import DataError, ShardmillError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph.derived_column import DeclaredGraph
from shardmill.transforms.graph.process import Tracer, shared
from shardmill.transforms.kinds.numeric.scale import ZScore
from shardmill.transforms.runtime import session
from shardmill.transforms.statistics.requests import Statistics
from tests.support.kinds import analyzed, batch_of, schema_of

S = schema_of(x="float", s="bytes")
ROWS = {"x": [1.0, 3.0], "s": ["a", "b"]}


@pytest.fixture(scope="module")
def tracer() -> Iterator[Tracer]:
    """A started one."""
    with Tracer() as started:
        yield started


def test_build(tracer: Tracer, tmp_path: Path) -> None:
    """A graph that the other process wrote runs in this one, and its tensors' names came back."""
    kinds = parse_features({"x": "z_score", "s": "vocabulary"}, S)
    tracer.start_check(kinds, S)
    names = tracer.build_graph(DeclaredGraph(kinds, S, analyzed(kinds, S, batch_of(S, ROWS), tmp_path)), str(tmp_path))
    assert list(names["signatures"]["transform"]["inputs"]) == ["x", "s"]
    out = session.load_session(str(tmp_path / "transform_fn")).run(batch_of(S, ROWS))
    assert {name: values.tolist() for name, values in out.items()} == {"x": [-1, 1], "s": [1, 0]}


def test_errors_come_back(tracer: Tracer, tmp_path: Path) -> None:
    """An error in the other process is raised here, of its own class; the process goes on."""
    kinds = parse_features({"s": "vocabulary"}, S)
    statistics = analyzed(
        kinds, S, pa.RecordBatch.from_pylist([{"x": None, "s": None}], batch_of(S, ROWS).schema), tmp_path
    )
    with pytest.raises(DataError, match="the vocabulary of column 's' is empty"):
        tracer.build_graph(DeclaredGraph(kinds, S, statistics), str(tmp_path))
    test_build(tracer, tmp_path)


@dataclass(frozen=True, kw_only=True)
class _Broken(ZScore):
    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if statistics.rows == 0:
            os._exit(7)
        raise RuntimeError("a bug")


def test_a_failed_check_is_raised_by_build(tracer: Tracer, tmp_path: Path) -> None:
    """What went wrong early is said, with what Python said, when the graph is wanted."""
    kinds = (_Broken(name="x", columns=("x",)),)
    tracer.start_check(kinds, S)
    with pytest.raises(ShardmillError, match="RuntimeError: a bug"):
        tracer.build_graph(DeclaredGraph(kinds, S, Statistics(rows=1)), str(tmp_path))


@dataclass(frozen=True, kw_only=True)
class _Keras(ZScore):
    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        before = "keras" in sys.modules
        from tensorflow.keras import activations

        raise DataError(f"{before} {activations.relu(-1.0).numpy()}")


def test_keras_waits_until_a_function_names_it(tracer: Tracer, tmp_path: Path) -> None:
    """TensorFlow is imported without Keras, which takes as long again and is there for who imports it."""
    with pytest.raises(DataError, match=r"False 0\.0"):
        tracer.build_graph(DeclaredGraph((_Keras(name="x", columns=("x",)),), S, Statistics(rows=1)), str(tmp_path))


def test_a_process_that_dies(tmp_path: Path) -> None:
    """If the process dies, the message says with what status; the next request starts another."""
    with Tracer() as tracer:
        with pytest.raises(ShardmillError, match=r"ended with status 7; it said:\nnothing$"):
            tracer.build_graph(
                DeclaredGraph((_Broken(name="x", columns=("x",)),), S, Statistics(rows=0)), str(tmp_path)
            )
        tracer.start()


def test_release_ends_it_for_its_last_user() -> None:
    """Released, the process ends, unless a `with` block around its user's still holds it."""
    tracer = Tracer()
    with tracer:
        with tracer:
            tracer.release()
            assert tracer._process is not None
        tracer.release()
        assert tracer._process is None


def test_a_released_process_is_awaited_later() -> None:
    """Releasing tells the process to end and goes on; its end is awaited all the same, by `close` at the latest."""
    with Tracer() as tracer:
        process = tracer._process
        assert process is not None
        tracer.release()
        assert tracer._ending is not None
    assert process.returncode == -signal.SIGTERM
    assert tracer._ending is None


def test_a_process_released_before_exit_leaves_no_zombie() -> None:
    """Python's exit waits for a released process, and needs no `close`."""
    code = (
        "from shardmill.transforms.graph.process import shared\ntracer = shared()\ntracer.start()\n"
        "print(tracer._process.pid)\ntracer.release()"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not Path(f"/proc/{int(found.stdout)}").exists()
    assert found.stderr == ""


def test_close_while_it_starts() -> None:
    """Closing doesn't wait for TensorFlow's import."""
    tracer = Tracer()
    tracer.start()
    process = tracer._process
    assert process is not None
    tracer.close()
    tracer.close()
    assert process.poll() == -signal.SIGTERM


def test_it_ends_with_its_parent() -> None:
    """When the job's process is killed, the tracing process ends by itself."""
    code = (
        "import os\nfrom shardmill.transforms.graph.process import shared\ntracer = shared()\ntracer.start()\n"
        "print(tracer._process.pid, flush=True)\nos.kill(os.getpid(), 9)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pid = int(found.stdout)
    deadline = time.monotonic() + 60
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _alive(pid)


def _alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_one_per_process() -> None:
    """A process has one shared tracer."""
    assert shared() is shared()
