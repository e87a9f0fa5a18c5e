"""Chooses the engine that runs a pipeline.

`--engine NAME` or Beam's own `--runner` says which; Beam's options are completed for it.
"""

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

# The default address of Beam's job servers.
_JOB_ENDPOINT = "localhost:8099"
# Milliseconds for which an idle worker process is kept: starting one takes seconds, and later
# stages reuse it; an idle one holds about 700 MB.
_KEEP_WORKERS_MSEC = 60_000
# The longest that a job on Prism may take, in seconds. Beam 2.77 counts from before the job's start
# and ends it after five minutes by default.
_LONGEST_JOB_SECONDS = 30 * 86_400


def choose_engine(
    name: str | None, beam_args: Sequence[str], workers: int | None = None, output: str | None = None
) -> Engine:
    """Chooses an engine and completes Beam's options for it.

    Options that are given are kept. The engines:

    - local: threads of this process.
    - prism: Beam's portable engine, in a process that Beam starts; it runs the binary on the PATH
      if there is one.
    - flink, spark: the job server at `--job_endpoint` (by default localhost:8099), or one that Beam
      starts itself when `--flink_master` or `--spark_master_url` is given. Workers are processes of
      `shardmill-worker`, which must be installed at the same path on the cluster's machines as
      here, or containers of the image that `--sdk_container_image` names.
    - dataflow: see `pipelines.engines.dataflow`.

    Args:
        name: One of `ENGINES`. None means the local engine, unless `beam_args` name a runner.
        beam_args: Beam's options.
        workers: Threads of the local engine. None means one per core.
        output: The output folder, where it is known.

    Raises:
        ConfigError: There is no such engine, or options contradict each other or are missing.
    """
    engine = named_engine(name, beam_args, workers)
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


def named_engine(name: str | None, beam_args: Sequence[str], workers: int | None = None) -> Engine:
    """Returns the engine that the options name, as they are.

    Args:
        name: As for `choose_engine`.
        beam_args: As for `choose_engine`.
        workers: As for `choose_engine`.

    Raises:
        ConfigError: There is no such engine, or options contradict each other.
    """
    runner = option(beam_args, "--runner")
    if name is not None and name not in ENGINES:
        raise ConfigError(f"--engine: expected one of {', '.join(ENGINES)}, received {name!r}")
    if name is not None and runner is not None:
        raise ConfigError(f"--engine={name} and --runner={runner} both say what runs the pipeline; give one of them")
    engine = Engine(name or runner or LOCAL, tuple(beam_args), workers)
    _check_options(engine)
    return engine


def _check_options(engine: Engine) -> None:
    """Checks that options suit the engine.

    Raises:
        ConfigError: One is for another engine, or for none.
    """
    if option(engine.beam_args, "--dry_run") is not None:
        raise ConfigError(
            "--dry_run is Beam's own option, which most of its engines ignore, so that the job would run and write; "
            "expected --dry-run, with which shardmill checks, lists and writes nothing"
        )
    if engine.workers is not None and not engine.is_local:
        raise ConfigError(
            f"--workers is for the local engine; on {engine.name} Beam's options say how many work: --parallelism on Flink, "
            "--num_workers on Dataflow"
        )
    if option(engine.beam_args, "--template_location") is not None and not engine.is_dataflow:
        raise ConfigError(
            f"--template_location is for Dataflow, but the engine is {engine.name}; add --engine dataflow"
        )


def worker_command() -> str:
    """Returns the path of this installation's `shardmill-worker`."""
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
    """Returns options that the Flink cluster itself can answer."""
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
    """Returns the options for a worker image outside Dataflow.

    There Beam 2.77 ignores `--sdk_container_image`.
    """
    image = option(beam_args, "--sdk_container_image")
    if not image or any(option(beam_args, name) is not None for name in WORKER_OPTIONS if "environment" in name):
        return ()
    return "--environment_type=DOCKER", f"--environment_config={image}"


def _prism_location() -> tuple[str, ...]:
    found = shutil.which("prism")
    return (f"--prism_location={found}",) if found else ()


def _with(beam_args: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Adds the options in `more` that aren't given yet."""
    return (*beam_args, *(arg for arg in more if option(beam_args, arg.partition("=")[0]) is None))
