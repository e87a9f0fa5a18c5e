"""What is seen of a run from outside: counters, log lines, and what manifest and summary make of them."""

import io
import json
import logging
import re
import socket
from pathlib import Path
from typing import Any

import apache_beam as beam
import grpc
import pytest
from apache_beam.metrics import Metrics
from apache_beam.portability.api import beam_job_api_pb2_grpc
from apache_beam.runners.portability.portable_runner import PipelineResult
from apache_beam.runners.runner import PipelineResult as AnyResult
from apache_beam.runners.runner import PipelineState
from rich.console import Console

from shardmill.pipelines.console.summary import print_summary
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.engines.run_pipeline import run_pipeline
from shardmill.pipelines.run_folder.manifest import add_metrics
from shardmill.transforms.csv.units import Unit
from shardmill.transforms.workers import metrics, phases
from tests.support.runs import pipeline_result

ROWS = (300, 200)
TOML = """
[input]
files = ["{folder}/*.csv"]
max_bad_fraction = 0.5
[split]
train = 0.8
eval = 0.2
[features]
x = "z_score"
city = {{ kind = "vocabulary", num_oov_buckets = 1 }}
[output]
shards = 2
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, shared_tracer: None) -> tuple[Path, dict[str, int], str]:
    """A run of two files with one bad row each: its work folder, its counters, and what workers logged."""
    folder = tmp_path_factory.mktemp("counted")
    for file, rows in enumerate(ROWS):
        lines = "".join(f"{row % 10},city {row % 7}\n" for row in range(rows - 1))
        (folder / f"{file}.csv").write_text(f"x,city\n{lines}1,2,3\n")
    (folder / "p.toml").write_text(TOML.format(folder=folder))
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    log = logging.getLogger(metrics.NAMESPACE)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        result = pipeline_result(folder / "p.toml", folder / "work")
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
    return folder / "work", metrics.collect(result), said.getvalue()


def test_counters_are_what_the_manifest_says(counted: tuple[Path, dict[str, int], str]) -> None:
    """Rows and bytes that workers counted are those read, rejected and written, each once."""
    work, found, _ = counted
    manifest = json.loads((work / "manifest.json").read_text())
    names = ("rows-read", "rows-rejected", "rows-written")
    assert (
        [found[name] for name in names]
        == [manifest["rows"][name.removeprefix("rows-")] for name in names]
        == [500, 2, 498]
    )
    assert found["bytes-written"] == sum(split["bytes"] for split in manifest["splits"].values())
    assert found["bytes-read"] == sum(file["bytes"] - len("x,city\n") for file in manifest["input"])


def test_each_step_has_its_time(counted: tuple[Path, dict[str, int], str]) -> None:
    """Milliseconds add up over all workers, by step, and of some steps by part; small files aren't scanned."""
    found = counted[1]
    times = {name.removesuffix("-msec") for name in found if name.endswith("-msec")}
    steps = {"analyze", "trace", "transform", "write"}
    parts = {f"transform-{part}" for part in ("graph", "encode", "statistics", "compress")}
    assert times == {*steps, *parts, "analyze-statistics"}
    for step in steps:
        of_step = [found[f"{name}-msec"] for name in times if name.startswith(f"{step}-")]
        assert sum(of_step) <= found[f"{step}-msec"] + len(of_step)
    assert 0 < found["trace-msec"] < 60_000
    assert found["analyze-msec"] > 0
    assert list(found) == sorted(found)


def test_workers_say_what_they_are_at(counted: tuple[Path, dict[str, int], str]) -> None:
    """A line at the beginning and one at the end of each step's work, with the file, rows and seconds."""
    work, _, said = counted
    lines = said.splitlines()
    second, first = (re.escape(f"('{work.parent}/{file}.csv' from byte 0 to its end)") for file in (1, 0))
    # Small files are transformed together.
    for what, rows in ((f"analyze unit 1 {second}", 200), (f"transform unit 0 {first} and the 1 after it", 500)):
        assert len([line for line in lines if re.fullmatch(rf"{what}: begins", line)]) == 1
        assert len([line for line in lines if re.fullmatch(rf"{what}: {rows} rows in \d+\.\d\d s", line)]) == 1
    assert f"write {work}/train-00000-of-00002.tfrecord.gz: begins" in lines
    assert f"trace {work}: begins" in lines


def test_a_scan_is_timed_and_told_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Outside a pipeline, counters count nothing and hinder nothing; the tally and the log are the same."""
    phases.reset()
    with caplog.at_level(logging.INFO, metrics.NAMESPACE), metrics.working("scan", str(tmp_path)) as work:
        work.add(3, 10)
        work.add(1, 2)
    assert (work.rows, work.size) == (4, 12)
    assert phases.snapshot() == {"scan": (4, 12)}
    assert caplog.messages[0] == f"scan {tmp_path}: begins"
    assert re.fullmatch(re.escape(f"scan {tmp_path}: 4 rows in ") + r"0\.\d\d s", caplog.messages[1])
    phases.reset()


def test_a_unit_is_named_by_its_bytes() -> None:
    """A unit's name in the log has its index, file and byte range."""
    unit = Unit(7, 0, "gs://bucket/a b.csv", start=5, stop=90)
    assert metrics.unit_name(unit) == "unit 7 ('gs://bucket/a b.csv' from byte 5 to 90)"


def _count(rows: int) -> int:
    metrics.ROWS_READ.inc(rows)
    Metrics.counter("of-a-library", "rows").inc()
    return rows


def test_what_several_steps_count_adds_up() -> None:
    """A counter's number is the sum over the steps that count with it; what a library counts isn't ours."""

    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | beam.Create([1, 2]) | "First" >> beam.Map(_count) | "Second" >> beam.Map(_count)

    assert metrics.collect(run_pipeline(build, Engine(workers=1))) == {"rows-read": 6}


def test_an_engine_without_metrics_has_none() -> None:
    """Where an engine counts nothing, there are no numbers, and no error."""
    assert metrics.collect(AnyResult(PipelineState.DONE)) == {}


def test_an_engine_that_is_gone_has_none() -> None:
    """A job server that no longer answers takes the numbers with it, not the finished run."""
    with socket.socket() as unused:
        unused.bind(("localhost", 0))
        with grpc.insecure_channel(f"localhost:{unused.getsockname()[1]}") as channel:
            service = beam_job_api_pb2_grpc.JobServiceStub(channel)
            assert metrics.collect(PipelineResult(service, "job", iter(()), iter(()))) == {}


def test_the_manifest_gets_them_last(tmp_path: Path) -> None:
    """Engine and metrics stand at the manifest's end; all before is as the pipeline wrote it."""
    path = tmp_path / "manifest.json"
    path.write_text('{\n  "format": 2,\n  "é": [\n    1\n  ]\n}\n', encoding="utf-8")
    manifest = add_metrics(str(tmp_path), "flink", {"rows-read": 3})
    assert list(manifest) == ["format", "é", "engine", "metrics"]
    text = path.read_text(encoding="utf-8")
    assert text.startswith('{\n  "format": 2,\n  "é": [\n    1\n  ],\n  "engine": "flink",\n')
    assert json.loads(text) == manifest == {"format": 2, "é": [1], "engine": "flink", "metrics": {"rows-read": 3}}


def _summary(found: dict[str, int], seconds: dict[str, float]) -> str:
    out = io.StringIO()
    manifest: dict[str, Any] = {
        "rows": {"read": 10, "written": 10, "rejected": 0},
        "splits": {},
        "rejected": {},
        "metrics": found,
    }
    print_summary("out", manifest, seconds, Console(file=out, width=200, soft_wrap=True))
    return out.getvalue()


def test_the_summary_has_the_workers_times() -> None:
    """Where no phase was seen in this process, the times are those that workers counted, longest first."""
    found = {"rows-read": 10, "analyze-msec": 1500, "write-msec": 40, "transform-msec": 2500, "transform-graph-msec": 9}
    text = _summary(found, {"total": 4.0})
    assert "4.0 s, 2 rows/s\nall workers together: transform 2.5 s, analyze 1.5 s, write 0.0 s\n" in text
    assert "(load 1.0 s)\nall workers together: transform" in _summary(found, {"load": 1.0, "total": 4.0})
    assert "all workers" not in _summary(found, {"analyze": 1.0, "total": 4.0})
    assert "all workers" not in _summary({}, {"total": 4.0})
