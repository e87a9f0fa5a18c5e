"""Which engine runs a pipeline: `--engine NAME`, or Beam's own `--runner`, and the options of Beam's that each needs."""

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace

from shardmill.pipelines.engines.endpoints import flink_overview
from shardmill.pipelines.engines.engine import (
    ENGINES,
    LOCAL,
    MASTERS,
    WORKER_OPTIONS,
    Engine,
    flink_master,
    has_workers,
    option,
)
from shardmill.schemas.errors import ConfigError

# Where Beam's job servers listen unless they are told otherwise.
_JOB_ENDPOINT = "localhost:8099"
# A Python process takes seconds to start: it is kept for the stages that follow, and a minute beyond its last use, some 700 MB.
_KEEP_WORKERS_MSEC = 60_000
# Beam 2.77 ends a job on Prism, which reports from before its start, when this time is over: five minutes by default.
_LONGEST_JOB_SECONDS = 30 * 86_400


def choose_engine(
    name: str | None, beam_args: Sequence[str], workers: int | None = None, output: str | None = None
) -> Engine:
    """Completes Beam's options for an engine; each that is given stays as it is.

    - local: threads of this process.
    - prism: Beam's portable engine in a process of its own, which Beam starts; the binary on the PATH, if there is one.
    - flink, spark: the job server at `--job_endpoint` (localhost:8099); or with `--flink_master`, `--spark_master_url` one that Beam
      starts by itself. Workers are processes that `shardmill-worker` starts, which must be installed on the cluster's machines where it is
      on this one; or containers of the image that `--sdk_container_image` names.
    - dataflow: see `pipelines.engines.dataflow`.

    Args:
        name: One of `ENGINES`; None: the local one, unless `beam_args` name a runner.
        beam_args: Beam's options.
        workers: Threads of the local engine; None: one per core.
        output: The output folder, where it is known.

    Raises:
        ConfigError: There is no such engine, or the options contradict each other or lack something.
    """
    runner = option(beam_args, "--runner")
    if name is not None and name not in ENGINES:
        raise ConfigError(f"--engine: expected one of {', '.join(ENGINES)}, received {name!r}")
    if name is not None and runner is not None:
        raise ConfigError(f"--engine={name} and --runner={runner} both say what runs the pipeline; give one of them")
    if option(beam_args, "--dry_run") is not None:
        raise ConfigError(
            "--dry_run is Beam's own option, which most of its engines pass over, so that the job would run and write; "
            "expected --dry-run, with which shardmill checks, lists and writes nothing"
        )
    engine = Engine(name or runner or LOCAL, tuple(beam_args), workers)
    if workers is not None and not engine.is_local:
        raise ConfigError(
            f"--workers is for the local engine; on {engine.name} Beam's options say how many work: --parallelism on Flink, "
            "--num_workers on Dataflow"
        )
    if option(beam_args, "--template_location") is not None and not engine.is_dataflow:
        raise ConfigError(
            f"--template_location is for Dataflow, but the engine is {engine.name}; add --engine dataflow"
        )
    if name in MASTERS:
        return replace(engine, beam_args=_cluster_args(name, engine.beam_args))
    if name == "prism":
        longest = f"--job_server_timeout={_LONGEST_JOB_SECONDS}"
        more = ("--runner=PrismRunner", longest, *_prism_location(), *_container_args(beam_args))
        return replace(engine, beam_args=_with(engine.beam_args, *more))
    if name == "dataflow":
        from shardmill.pipelines.engines.dataflow import dataflow_args  # loads Beam, by the stores' clients

        return replace(engine, beam_args=tuple(dataflow_args(beam_args, output)))
    return engine


def worker_command() -> str:
    """The command that starts a worker process: `shardmill-worker` of this very installation."""
    return os.path.join(os.path.dirname(sys.executable), "shardmill-worker")


def _cluster_args(name: str, beam_args: tuple[str, ...]) -> tuple[str, ...]:
    runner, master = MASTERS[name]
    address = option(beam_args, master)
    if address is None:
        args = _with(beam_args, "--runner=PortableRunner", f"--job_endpoint={_JOB_ENDPOINT}")
    else:
        args = _with(beam_args, f"--runner={runner}")
    args = _with(args, *_worker_args(beam_args))
    return _with(args, *_of_flink(args), f"--environment_cache_millis={_KEEP_WORKERS_MSEC}")


def _of_flink(beam_args: tuple[str, ...]) -> tuple[str, ...]:
    """What a Flink cluster says of itself, so that nobody else need."""
    master = flink_master(beam_args)
    overview = flink_overview(master) if master else None
    if not overview:
        return ()
    slots = overview.get("slots-total")
    parallelism = (f"--parallelism={slots}",) if slots else ()
    if any(option(beam_args, given) is not None for given in ("--flink_version", "--flink_job_server_jar")):
        return parallelism
    from shardmill.pipelines.engines.job_server import flink_version

    version = flink_version(overview)
    return (*parallelism, f"--flink_version={version}") if version else parallelism


def _worker_args(beam_args: Sequence[str]) -> tuple[str, ...]:
    if has_workers(beam_args):
        return _container_args(beam_args)
    return "--environment_type=PROCESS", f"--environment_config={json.dumps({'command': worker_command()})}"


def _container_args(beam_args: Sequence[str]) -> tuple[str, ...]:
    """Says the image as Beam 2.77 understands it off Dataflow: of `--sdk_container_image` alone it takes no notice there."""
    image = option(beam_args, "--sdk_container_image")
    if not image or any(option(beam_args, name) is not None for name in WORKER_OPTIONS if "environment" in name):
        return ()
    return "--environment_type=DOCKER", f"--environment_config={image}"


def _prism_location() -> tuple[str, ...]:
    found = shutil.which("prism")
    return (f"--prism_location={found}",) if found else ()


def _with(beam_args: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """The options, and those of `more` that aren't among them."""
    return (*beam_args, *(arg for arg in more if option(beam_args, arg.partition("=")[0]) is None))
