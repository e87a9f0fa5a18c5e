"""What a worker is asked before any data is read."""

import errno
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.schemas.errors import EngineError, OutputError
from shardmill.schemas.schema import Schema
from shardmill.transforms.analyze import AnalyzeUnits
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.profile import InferColumns, Typed, as_spelled
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.row_plan import RowPlan
from shardmill.transforms.rows.splits import ShardRule, SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.trace import Destination, Features, TraceFunction, TraceGraph
from shardmill.transforms.transform import Layout, TransformUnits
from shardmill.transforms.workers import submission
from shardmill.transforms.workers.any_python import emit, evaluate
from shardmill.transforms.workers.check_workers import CheckWorkers
from shardmill.transforms.workers.submission import Submission


def test_this_machine_is_as_it_says(tmp_path: Path) -> None:
    """The machine that submits passes its own check, which leaves nothing behind."""
    Submission.of_this_machine(str(tmp_path)).check_this_machine()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "version", "message"),
    [
        ("apache-beam", "2.60.0", r"apache-beam 2\.\d+\.\d+ \(the job: 2\.60\.0\)"),
        ("python", "3.9", r"python 3\.\d+ \(the job: 3\.9\)"),
        *((name, "99", rf"{name} \d\S+ \(the job: 99\)") for name in ("shardmill", "tensorflow", "pyarrow", "isal")),
        ("no-such-package", "1", r"no-such-package is missing \(the job: 1\)"),
    ],
)
def test_other_versions_are_named(tmp_path: Path, name: str, version: str, message: str) -> None:
    """The message names both versions, and what to do."""
    mine = Submission.of_this_machine(str(tmp_path))
    other = replace(mine, versions={**mine.versions, name: version})
    with pytest.raises(EngineError, match=f"{message}.*install the same versions there.*--sdk_container_image"):
        other.check_this_machine()


def test_a_job_may_need_more_than_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What only this job needs, as TF Transform for a function, is compared, too."""
    job = Submission.of_this_machine(str(tmp_path), ["pytest"])
    job.check_this_machine()
    monkeypatch.setattr(submission, "_version", lambda name: None if name == "pytest" else metadata.version(name))
    with pytest.raises(EngineError, match=rf"pytest is missing \(the job: {re.escape(pytest.__version__)}\)"):
        job.check_this_machine()
    Submission.of_this_machine(str(tmp_path)).check_this_machine()


_READING = Reading(dialect=Dialect(), selection=Selection((), ()), split_rule=SplitRule(("train",)))
_DESTINATION = Destination("/nowhere", "/nowhere/parts")
_PLAN = RowPlan([], SplitRule(("train",)), ShardRule())


def _nothing(beside: beam.PCollection[Any]) -> beam.PCollection[Any]:
    return beside.pipeline | "Nothing" >> beam.Create([])


def _trace(findings: beam.PCollection[Any]) -> object:
    nothing = _nothing(findings)
    return findings | TraceGraph(Features((), Schema(())), _DESTINATION, nothing, nothing)


@pytest.mark.parametrize(
    "build",
    [
        lambda units: units | InferColumns(as_spelled(("x",)), Dialect(), partial(Typed.nothing, ("x",))),
        lambda units: units | AnalyzeUnits(_READING, (), 1),
        _trace,
        lambda findings: findings | TraceFunction(_DESTINATION, findings),
        lambda units: units | TransformUnits(_READING, Layout(folder="/nowhere", level=None), Graph("/nowhere"), _PLAN),
    ],
    ids=["infer", "analyze", "trace", "trace a function", "transform"],
)
def test_each_worker_that_makes_bytes_is_compared(
    build: Callable[[beam.PCollection[Any]], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first stage asks one worker; on another with other versions a stage ends before it has worked."""

    def submit(pipeline: beam.Pipeline) -> None:
        build(pipeline | beam.Create([Unit(0, 0, "data.csv")]).with_output_types(Any))
        monkeypatch.setattr(submission, "installed", lambda *_: {"python": "2.7"})

    with pytest.raises(EngineError, match=r"isn't as the job that was submitted: python 2\.7 \(the job: 3\.\d+\)"):
        run_pipeline(submit, Engine())


def test_a_folder_of_another_machine_isnt_seen(tmp_path: Path) -> None:
    """A local folder that the worker lacks is an output on the submitting machine only."""
    folder = str(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match=f"doesn't see '{re.escape(folder)}'.*choose an --output that all machines"):
        Submission.of_this_machine(folder).check_this_machine()


def test_a_folder_that_cant_be_written_is_named(tmp_path: Path) -> None:
    """A folder that the worker sees and may not write is said to be so."""
    if os.geteuid() == 0:
        folder = Path("/proc/self")  # nobody can make a file there
    else:
        folder = tmp_path / "read-only"
        folder.mkdir(mode=0o500)
    with pytest.raises(OutputError, match=f"can't write '{folder}': "):
        Submission.of_this_machine(str(folder)).check_this_machine()


def test_a_folder_whose_files_cant_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that may make files and not remove them is said to be so."""

    def refuse(_: str) -> None:
        raise PermissionError(errno.EACCES, "no permission to delete")

    monkeypatch.setattr(submission.files, "remove", refuse)
    with pytest.raises(OutputError, match=f"can't write '{tmp_path}': no permission to delete"):
        Submission.of_this_machine(str(tmp_path)).check_this_machine()


def test_a_pipeline_goes_on_after_the_check(tmp_path: Path) -> None:
    """The stage outputs one element, at which the reading begins."""
    with TestPipeline() as pipeline:
        checked = pipeline | CheckWorkers(str(tmp_path))
        assert_that(checked | beam.combiners.Count.Globally(), equal_to([1]))


def test_nothing_begins_before_the_check(tmp_path: Path) -> None:
    """The stage's output is made of the check's: without it an engine could read the input on a worker that nobody has checked."""
    pipeline = TestPipeline()
    _ = pipeline | CheckWorkers(str(tmp_path))
    stages = {stage.unique_name: stage for stage in pipeline.to_runner_api().components.transforms.values()}
    (checked,) = stages["CheckWorkers/CheckWorker"].outputs.values()
    assert checked in stages["CheckWorkers/AwaitCheck"].inputs.values()


def test_any_python_loads_the_check() -> None:
    """The functions of its stages are pickled by name, and a bare Python has what the names say."""
    program = "import pickle, sys; emit, evaluate = pickle.load(sys.stdin.buffer); print(*evaluate(*emit(b'')))"
    stages = pickle.dumps((emit({"folder": "/a"}), evaluate("[folder, len(folder)]")))
    ran = subprocess.run([sys.executable, "-I", "-S", "-c", program], input=stages, capture_output=True, check=True)
    assert ran.stdout.split() == [b"/a", b"2"]
