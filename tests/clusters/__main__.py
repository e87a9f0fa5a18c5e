"""Clusters for a developer's machine: `python -m tests.clusters flink install`, `start`, `status`, `stop`; or `spark`."""

# ruff: noqa: T201 (it prints its results)

import argparse
import sys
from pathlib import Path

from tests.clusters import flink, processes, spark

_FOLDER = Path(__file__).resolve().parents[2] / ".clusters" / "run"


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Starts and stops a cluster on this machine.")
    parser.add_argument("cluster", choices=["flink", "spark"])
    parser.add_argument("action", choices=["install", "start", "stop", "status"])
    parser.add_argument("--port", type=int, default=8081, help="of Flink's REST interface and pages; of Spark's page")
    parser.add_argument("--job-port", type=int, default=8099, help="of Beam's job server")
    args = parser.parse_args()
    folder = _FOLDER / args.cluster
    try:
        module = {"flink": flink, "spark": spark}[args.cluster]
        if args.action == "install":
            module.install()
            return 0
        if args.action == "start":
            module.start(folder, args.port, args.job_port)
        elif args.action == "stop":
            module.stop(folder)
    except processes.ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    return _show(folder) if args.cluster == "flink" else _show_spark(folder)


def _show(folder: Path) -> int:
    cluster = flink.find(folder)
    if cluster is None:
        print("no Flink cluster runs")
        return 0
    for name in (flink.JOB_MANAGER, *flink.TASK_MANAGERS, flink.JOB_SERVER):
        pid = cluster.pid(name)
        print(f"{name}: {f'process {pid}' if pid else 'has ended'}")
    print(f"Flink: http://{cluster.master}  job server: {cluster.endpoint}  logs: {folder}")
    print(f"shardmill run pipeline.toml --engine flink {' '.join(cluster.options)}")
    return 0


def _show_spark(folder: Path) -> int:
    cluster = spark.find(folder)
    if cluster is None:
        print("no Spark cluster runs")
        return 0
    for name in (spark.MASTER, spark.WORKER, spark.JOB_SERVER):
        pid = cluster.pid(name)
        print(f"{name}: {f'process {pid}' if pid else 'has ended'}")
    print(f"Spark: {cluster.page}  logs: {folder}")
    print(f"shardmill run pipeline.toml --engine spark {' '.join(cluster.options)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
