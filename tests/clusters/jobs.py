"""Jobs for a cluster, and the same on the local engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import generate
from shardmill.pipelines import run as run_module
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.demo.demo import prepare
from shardmill.pipelines.engines.choose import choose_engine
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.run_job import RunResult
from tests.clusters.machines.flink import Flink

_ROWS = 1_000_000


@dataclass(frozen=True)
class Local:
    """A job, and its run on the local engine.

    Attributes:
        config: The job's configuration.
        run: The run's folder.
    """

    config: Path
    run: Path


def run_flights(folder: Path) -> Local:
    """The flights, in one file; 9,430 rows are rejected."""
    return _run_locally(prepare(folder), folder / "local")


def run_million(folder: Path) -> Local:
    """A million rows in four files, and enough shards for the writing to take a while."""
    generate.write(folder, _ROWS, files=4)
    config = folder / "bench.toml"
    config.write_text(config.read_text() + "[output]\nshards = 16\n")
    return _run_locally(config, folder / "local")


def _run_locally(config: Path, output: Path) -> Local:
    run_on(Engine(workers=2), config, output)
    return Local(config, output)


def run_on(engine: Engine, config: Path, output: Path, settings: Sequence[str] = ()) -> RunResult:
    """Runs a job on an engine.

    Args:
        engine: The engine.
        config: The job's configuration.
        output: The run's folder.
        settings: Changes, as `--set` takes them.
    """
    checked = load_config(str(config), settings, str(output))
    return run_module.run(checked, overwrite=False, engine=engine, progress=Progress(quiet=True))


def on_flink(flink: Flink, options: Sequence[str] = ()) -> Engine:
    """What `--engine flink` and the options that a cluster needs come to, and others."""
    return choose_engine("flink", [*flink.options, *options])
