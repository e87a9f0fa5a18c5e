"""`shardmill doctor --engine`: checks the connection to an engine.

The last step is a worker that writes into the folder of the output.
"""

import contextlib
import itertools
import json
import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from shardmill.pipelines.doctor.machine import Finding
from shardmill.pipelines.engines.choose import choose_engine, worker_command
from shardmill.pipelines.engines.endpoints import flink_overview, silent, unreachable
from shardmill.pipelines.engines.engine import Engine, flink_master, option
from shardmill.pipelines.engines.ready import check_ready
from shardmill.pipelines.engines.worker import find_boot
from shardmill.schemas.errors import ConfigError, ShardmillError
from shardmill.schemas.installing import install_command
from shardmill.transforms.stores.interface import without_users

# Found in the names of Beam's options that hold keys of S3 and Azure.
_SECRET = re.compile("secret|token|access_key|connection_string", re.IGNORECASE)
# Parts of a worker's environment that may hold keys: of a process (`env`) and of a pool (`params`).
_VARIABLES = {"env", "params"}


def examine_engine(name: str, beam_args: Sequence[str], output: str) -> Iterator[Finding]:
    """Checks one step after the other.

    Steps that depend on a failed one are left out.

    Args:
        name: The engine, one of `engines.ENGINES`.
        beam_args: Beam's options, as for `shardmill run`.
        output: The folder in which a run would be written.
    """
    try:
        engine = choose_engine(name, beam_args, output=output)
    except ShardmillError as error:
        yield Finding("options", str(error), ok=False)
        return
    yield Finding("options", " ".join(_shown(engine.beam_args)) or "none")
    steps = [*_way(engine), *_worker(engine)]
    yield from steps
    if all(step.ok for step in steps):
        yield _probe(engine, output)


def _shown(beam_args: Sequence[str]) -> Iterator[str]:
    """Yields the options with secrets hidden."""
    # An option's value may be an argument of its own.
    name = ""
    for arg in beam_args:
        if arg.startswith("--"):
            name, equals, value = arg.partition("=")
            yield f"{name}={_shown_value(name, value)}" if equals else name
        else:
            yield _shown_value(name, arg)


def _shown_value(name: str, value: str) -> str:
    if _SECRET.search(name):
        return "..."
    return without_users(_without_variables(value) if name.startswith("--environment_") else value)


def _without_variables(value: str) -> str:
    """Hides the variables in a worker's environment."""
    option_name, equals, _ = value.partition("=")
    if option_name == "process_variables":
        return f"{option_name}{equals}..."
    if not value.lstrip().startswith("{"):
        return value
    try:
        config = json.loads(value)
    except ValueError:
        return "..."
    hidden = config.keys() & _VARIABLES
    return json.dumps(config | dict.fromkeys(hidden, "...")) if hidden else value


def _way(engine: Engine) -> Iterator[Finding]:
    """Checks that the service which takes the job answers."""
    endpoint = option(engine.beam_args, "--job_endpoint")
    if endpoint and endpoint != "embed":
        trouble = unreachable(endpoint) or silent(endpoint)
        yield Finding(
            "job server",
            f"no job server answers at {endpoint!r} ({trouble}): start one, or give --job_endpoint=HOST:PORT"
            if trouble
            else f"answers at {endpoint}",
            ok=not trouble,
        )
    elif engine.name in ("flink", "spark"):
        yield from _job_server(engine)
    if flink := flink_master(engine.beam_args):
        yield _flink(flink)
    if engine.is_dataflow:
        yield _service(engine)
    if engine.name == "prism":
        yield _prism(engine)


def _prism(engine: Engine) -> Finding:
    try:
        check_ready(engine)
    except ShardmillError as error:
        return Finding("Prism", str(error), ok=False)
    location = option(engine.beam_args, "--prism_location")
    return Finding("Prism", location or "not on the PATH: Beam downloads it; else give --prism_location=BINARY")


def _service(engine: Engine) -> Finding:
    """Checks credentials, and the bucket where jobs are staged."""
    from shardmill.pipelines.engines.beam_options import set_file_options

    try:
        set_file_options(engine)
        check_ready(engine)
    except ShardmillError as error:
        return Finding("Dataflow", str(error), ok=False)
    return Finding("Dataflow", "credentials are here; a job can be staged")


def _job_server(engine: Engine) -> Iterator[Finding]:
    """Checks Java and the jar of the job server."""
    from shardmill.pipelines.engines.job_server import find_jar, find_java, needs_java

    if needs_java(engine):
        yield _sought("Java, for the job server", find_java, engine)
    yield _sought("the job server's jar", find_jar, engine)


def _sought(what: str, find: Callable[[Engine], str], engine: Engine) -> Finding:
    try:
        found = find(engine)
    except ShardmillError as error:
        return Finding(what, str(error), ok=False)
    return Finding(what, f"Beam downloads {found}" if "://" in found else found)


def _flink(address: str) -> Finding:
    overview = flink_overview(address)
    if overview is None:
        return Finding(
            "Flink",
            f"no JobManager answers at {address!r}: give --flink_master=HOST:PORT of its REST service",
            ok=False,
        )
    slots = overview.get("slots-total", 0)
    return Finding(
        "Flink",
        f"{overview.get('flink-version')}, {overview.get('taskmanagers')} TaskManagers with {slots} slots"
        + ("" if slots else ": start TaskManagers, there is nothing to run on"),
        ok=bool(slots),
    )


def _worker(engine: Engine) -> Iterator[Finding]:
    """Checks the program that starts workers."""
    if worker_command() not in (option(engine.beam_args, "--environment_config") or ""):
        image = option(engine.beam_args, "--sdk_container_image")
        if image:
            yield Finding("workers", f"containers of {image}")
        return
    there = os.access(worker_command(), os.X_OK)
    yield Finding(
        "workers",
        f"processes of {worker_command()}"
        if there
        else f"{worker_command()!r} isn't here; install it with `{install_command()}`",
        ok=there,
    )
    boot = find_boot()
    yield Finding(
        "Beam's boot program",
        boot
        or "not found on this machine; workers find it as `beam-boot` on the PATH or by SHARDMILL_BOOT (docs/clusters.md)",
    )


def _probe(engine: Engine, output: str) -> Finding:
    """Runs a worker that compares versions and writes a file."""
    what = "a worker that writes the output"
    if engine.name == "dataflow":
        return Finding(what, "not tried: a job of the service takes minutes and costs money")
    from shardmill.pipelines.engines.beam_options import set_file_options
    from shardmill.pipelines.engines.run_pipeline import check_workers
    from shardmill.transforms.files import files

    parent = os.path.abspath(output) if files.is_local(output) else output
    made = _absent(parent) if files.is_local(parent) else []
    folder = files.join(parent, f"shardmill-doctor-{socket.gethostname()}-{os.getpid()}")
    started = time.monotonic()
    try:
        set_file_options(engine)
        with files.writing(folder):
            files.make_folder(folder)
        check_workers(engine, folder)
    except ShardmillError as error:
        return Finding(what, str(error), ok=False)
    finally:
        # Without a client for the folder's store nothing was written, and the finding says so.
        with contextlib.suppress(OSError, ConfigError):
            files.remove(folder)
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
    return Finding(
        what,
        f"same versions as here, writes below {parent}; {time.monotonic() - started:.0f} s for a job that does nothing",
    )


def _absent(folder: str) -> list[Path]:
    """Lists a folder's missing parents and itself, the innermost first."""
    return list(itertools.takewhile(lambda path: not os.path.exists(path), (Path(folder), *Path(folder).parents)))
