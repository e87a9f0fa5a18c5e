"""The job server that Beam starts where none runs.

It is a Java program in a jar; each version of Flink needs its own.
"""

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
    """Whether Beam starts a job server on this machine.

    With `--flink_submit_uber_jar` or `--spark_submit_uber_jar` Beam instead packs the job into the
    jar and submits that to the cluster itself.

    Args:
        engine: Flink or Spark.
    """
    # Without the address of a cluster there is nothing to submit to: the job server starts a Flink
    # itself.
    starts_flink = engine.name == "flink" and flink_master(engine.beam_args) is None
    return starts_flink or option(engine.beam_args, f"--{engine.name}_submit_uber_jar") is None


def find_java(engine: Engine) -> str:
    """Finds the Java program that runs the job server.

    Args:
        engine: Flink or Spark.

    Raises:
        EngineError: It isn't on this machine.
    """
    program = option(engine.beam_args, "--job_server_java_launcher") or "java"
    found = shutil.which(program)
    if found is None:
        raise EngineError(
            f"{program!r} wasn't found, and the job server that Beam starts is a Java program; install Java 11 or 17, give its path with "
            "--job_server_java_launcher=FILE, or give the address of a running job server with --job_endpoint=HOST:PORT"
        )
    return found


def find_jar(engine: Engine) -> str:
    """Finds the job server's jar.

    Args:
        engine: Flink or Spark.

    Returns:
        The path of a file that the options name or that Beam has downloaded before, or the URL that
        Beam will download.

    Raises:
        EngineError: The file that the options name isn't there.
    """
    name = f"--{engine.name}_job_server_jar"
    given = option(engine.beam_args, name)
    if given and "://" not in given and not os.path.isfile(given):
        raise EngineError(
            f"there is no file at {name}={given!r}; give the path of a job server's jar, or leave the option out and Beam "
            "downloads it"
        )
    options = pipeline_options(engine)
    found: str = _SERVERS[engine.name](options).path_to_jar()
    folder = options.view_as(JobServerOptions).jar_cache_dir or JavaJarServer.JAR_CACHE
    downloaded = os.path.join(folder, os.path.basename(found))
    return downloaded if "://" in found and os.path.exists(downloaded) else found


def flink_version(overview: dict[str, Any]) -> str | None:
    """Returns the `--flink_version` of a cluster's job server.

    Args:
        overview: The cluster's overview (`pipelines.engines.endpoints.flink_overview`).

    Returns:
        The version's first two numbers; None where the overview has no version.

    Raises:
        EngineError: Beam publishes no job server for this version.
    """
    number = re.match(r"\d+\.\d+", str(overview.get("flink-version", "")))
    if number is None:
        return None
    found = number[0]
    known = FlinkRunnerOptions.PUBLISHED_FLINK_VERSIONS
    if found not in known:
        raise EngineError(
            f"the cluster is Flink {overview['flink-version']}, and Beam publishes job servers for {', '.join(known)}; give the jar of a "
            "matching one with --flink_job_server_jar=FILE, or the address of a running one with --job_endpoint=HOST:PORT"
        )
    return found
