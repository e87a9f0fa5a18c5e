"""Checks that an engine can be reached and used."""

import os

from shardmill.pipelines.engines.dataflow import check_service
from shardmill.pipelines.engines.endpoints import silent, unreachable
from shardmill.pipelines.engines.engine import MASTERS, Engine, flink_master, option
from shardmill.schemas.errors import EngineError


def check_ready(engine: Engine) -> None:
    """Checks an engine before any input is read.

    Args:
        engine: The engine.

    Raises:
        ShardmillError: No job server answers at its address, or a program or file that it needs is
            missing.
    """
    endpoint = option(engine.beam_args, "--job_endpoint")
    if endpoint and endpoint != "embed" and (trouble := unreachable(endpoint) or silent(endpoint)):
        raise EngineError(
            f"no job server answers at {endpoint!r} ({trouble}); start one, or give its address with --job_endpoint=HOST:PORT; "
            f"`shardmill doctor --engine {engine.name}` checks every step of the connection"
        )
    if engine.name in MASTERS and not endpoint:
        # It imports Beam's Flink and Spark runners, which no other engine needs.
        from shardmill.pipelines.engines.job_server import find_jar, find_java, needs_java

        if needs_java(engine):
            find_java(engine)
        find_jar(engine)
    if engine.is_dataflow:
        check_service(engine.beam_args)
    prism = option(engine.beam_args, "--prism_location")
    if prism and "://" not in prism and not os.path.isfile(prism):
        raise EngineError(f"there is no program at --prism_location={prism!r}; give the path of Prism's binary")
    master = flink_master(engine.beam_args)
    if master and (trouble := unreachable(master)):
        raise EngineError(
            f"no Flink JobManager answers at {master!r} ({trouble}); give the address of its REST service with "
            "--flink_master=HOST:PORT"
        )
