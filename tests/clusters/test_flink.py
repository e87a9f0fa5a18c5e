"""The main job on a real Flink cluster of two TaskManagers gives the bytes of a local run, and uses both."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks import generate
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.engines.engine import Engine
from tests.clusters.compare import check_close, differences
from tests.clusters.jobs import on_flink, run_flights, run_on
from tests.clusters.machines.flink import JOB_MANAGER, Flink, install

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("shared_tracer")]


@dataclass(frozen=True)
class Runs:
    """The same job run twice.

    Attributes:
        local: The run on this machine's threads.
        flink: The run on the cluster.
        manifest: Of the latter.
        job: The latter, as Flink's REST interface describes it.
        accumulators: What Flink shows of the job's counters.
    """

    local: Path
    flink: Path
    manifest: Mapping[str, Any]
    job: Mapping[str, Any]
    accumulators: Mapping[str, Any]

    def phase(self, step: str) -> Mapping[str, Any]:
        """The vertex of Flink's that runs a step: a pattern, since fused steps are listed in any order."""
        (vertex,) = (vertex for vertex in self.job["vertices"] if re.search(step, vertex["name"]))
        found: Mapping[str, Any] = vertex
        return found


def _by_itself(flink: Flink) -> Engine:
    """The cluster without its job server: Beam starts one here."""
    _, jar, _ = install()
    return choose_engine(
        "flink", [f"--flink_master={flink.master}", "--parallelism=2", f"--flink_job_server_jar={jar}"]
    )


@pytest.fixture(scope="module", params=["flights", "million"])
def runs(request: pytest.FixtureRequest, flink: Flink, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The flights, of which 9,430 rows are rejected, by a job server of Beam's own; a million rows in four files by the cluster's."""
    folder = tmp_path_factory.mktemp("runs")
    local = run_flights(folder) if request.param == "flights" else request.getfixturevalue("million")
    before = flink.jobs()
    result = run_on(
        _by_itself(flink) if request.param == "flights" else on_flink(flink), local.config, folder / "flink"
    )
    (name,) = flink.jobs() - before
    return Runs(
        local.run,
        folder / "flink",
        result.manifest,
        flink.ask(f"/jobs/{name}"),
        flink.ask(f"/jobs/{name}/accumulators"),
    )


def test_every_file_has_the_bytes_of_the_local_run(runs: Runs) -> None:
    """Shards, vocabularies, statistics, schemas, rejected rows, manifest and SavedModel: no file differs, none is more or less."""
    assert differences(runs.local, runs.flink) == []
    assert (runs.flink / "transform_fn" / "saved_model.pb").exists()
    assert (runs.flink / "rejected" / "rejected.jsonl.gz").exists() == (runs.manifest["rows"]["rejected"] > 0)


def test_nothing_fails_underneath(runs: Runs, flink: Flink) -> None:
    """A restart would hide a fault: the JobManager has logged none, and each task ran once."""
    name = runs.job["jid"]
    states = [line for line in flink.log(JOB_MANAGER).splitlines() if name in line and "switched from" in line]
    assert any("to FINISHED" in line for line in states)
    assert [line for line in states if "RESTARTING" in line or "FAILED" in line] == []
    assert flink.ask(f"/jobs/{name}/exceptions")["exceptionHistory"]["entries"] == []


@pytest.mark.parametrize("step", [r"[{ ]AnalyzeUnits[,}]", r"[{ ]TransformUnit[,}]", "AssembleShard"])
def test_both_task_managers_do_each_phase(runs: Runs, flink: Flink, step: str) -> None:
    """Units, and the shards that are assembled of them, go to both."""
    path = f"/jobs/{runs.job['jid']}/vertices/{runs.phase(step)['id']}/taskmanagers"
    read = [each["metrics"]["read-records"] for each in flink.ask(path)["taskmanagers"]]
    assert len(read) == 2
    assert min(read) > 0


def test_flink_shows_the_counters(runs: Runs) -> None:
    """Rows read, rejected and written, as the manifest has them."""
    counted = _counters(runs.accumulators)
    rows = runs.manifest["rows"]
    assert {name: counted[name] for name in ("rows-read", "rows-rejected", "rows-written")} == {
        "rows-read": rows["read"],
        "rows-rejected": rows["rejected"],
        "rows-written": rows["written"],
    }


def _counters(accumulators: Mapping[str, Any]) -> dict[str, int]:
    (found,) = accumulators["user-task-accumulators"]
    sums: dict[str, int] = {}
    for metric in json.loads(found["value"])["metrics"]["attempted"]:
        if metric["urn"] == "beam:metric:user:sum_int64:v1" and metric["labels"]["NAMESPACE"] == "shardmill":
            name = metric["labels"]["NAME"]
            sums[name] = sums.get(name, 0) + _varint(base64.b64decode(metric.get("payload", "")))
    return sums


def _varint(data: bytes) -> int:
    return sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(data))


def test_a_function_makes_the_same_rows(flink: Flink, tmp_path: Path) -> None:
    """A TF Transform function, whose analysis is TF Transform's own pipeline of many stages, makes what it makes on the local engine."""
    generate.write(tmp_path, 20_000, files=2)
    run_on(Engine(workers=2), tmp_path / "function.toml", tmp_path / "local")
    run_on(on_flink(flink), tmp_path / "function.toml", tmp_path / "flink")
    check_close(tmp_path / "local", tmp_path / "flink")
