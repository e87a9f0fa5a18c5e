"""The job server that Beam starts where none runs: a Java program in a jar, one for each of Flink's versions."""

import os
import re
import shutil
from typing import Any

from apache_beam.options.pipeline_options import FlinkRunnerOptions, JobServerOptions
from apache_beam.runners.portability.flink_runner import FlinkJarJobServer
from apache_beam.runners.portability.spark_runner import SparkJarJobServer
from apache_beam.utils.subprocess_server import JavaJarServer

from shardmill.pipelines.engines.beam_options import pipeline_options
from shardmill.pipelines.engines.engine import Engine, flink_master, option
from shardmill.schemas.errors import EngineError

_SERVERS = {"flink": FlinkJarJobServer, "spark": SparkJarJobServer}


def needs_java(engine: Engine) -> bool:
    """Whether Beam starts the job server here; it may also put the job into the jar and submit that to the cluster by itself.

    Args:
        engine: Flink or Spark.
    """
    # To a Flink that the job server is to start there is nothing to submit.
    starts_flink = engine.name == "flink" and flink_master(engine.beam_args) is None
    return starts_flink or option(engine.beam_args, f"--{engine.name}_submit_uber_jar") is None


def find_java(engine: Engine) -> str:
    """The program that runs the job server.

    Args:
        engine: Flink or Spark.

    Raises:
        EngineError: It isn't here.
    """
    program = option(engine.beam_args, "--job_server_java_launcher") or "java"
    found = shutil.which(program)
    if found is None:
        raise EngineError(
            f"{program!r} isn't here, and the job server that Beam starts is a Java program: install Java 11 or 17, say where it is with "
            "--job_server_java_launcher=FILE, or give the address of a job server that runs with --job_endpoint=HOST:PORT"
        )
    return found


def find_jar(engine: Engine) -> str:
    """Where the jar is.

    Args:
        engine: Flink or Spark.

    Returns:
        A path, of a file that the options name or that Beam has downloaded before; or the URL that Beam will download.

    Raises:
        EngineError: The file that the options name isn't there.
    """
    name = f"--{engine.name}_job_server_jar"
    given = option(engine.beam_args, name)
    if given and "://" not in given and not os.path.isfile(given):
        raise EngineError(
            f"there is no file at {name}={given!r}; give the path of a job server's jar, or none, and Beam downloads it"
        )
    options = pipeline_options(engine)
    found: str = _SERVERS[engine.name](options).path_to_jar()
    folder = options.view_as(JobServerOptions).jar_cache_dir or JavaJarServer.JAR_CACHE
    downloaded = os.path.join(folder, os.path.basename(found))
    return downloaded if "://" in found and os.path.exists(downloaded) else found


def flink_version(overview: dict[str, Any]) -> str | None:
    """For which of Flink's versions a cluster needs a job server: `--flink_version`.

    Args:
        overview: What the cluster says of itself (`pipelines.engines.endpoints.flink_overview`).

    Returns:
        The version's first two numbers; None where the cluster doesn't say it.

    Raises:
        EngineError: Beam has none for it.
    """
    number = re.match(r"\d+\.\d+", str(overview.get("flink-version", "")))
    if number is None:
        return None
    found = number[0]
    known = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    if found not in known:
        raise EngineError(
            f"the cluster is Flink {overview['flink-version']}, and Beam publishes job servers for {', '.join(known)}. Give the jar of one "
            "that fits with --flink_job_server_jar=FILE, or the address of one that runs with --job_endpoint=HOST:PORT"
        )
    return found
