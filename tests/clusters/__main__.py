"""Clusters for a developer's machine: `python -m tests.clusters flink install`, `start`, `status`, `stop`; or `spark`."""

# ruff: noqa: T201 (it prints its results)

import argparse
import sys
from pathlib import Path
from types import ModuleType

from tests.clusters.machines import cluster, flink, processes, spark
from tests.clusters.machines.cluster import DOWNLOADS, Cluster

_FOLDER = DOWNLOADS / "run"
_KINDS: dict[str, tuple[ModuleType, type[Cluster]]] = {"flink": (flink, flink.Flink), "spark": (spark, spark.Spark)}


def main() -> int:
    """Runs the command line."""
    parser = argparse.ArgumentParser(description="Starts and stops a cluster on this machine.")
    parser.add_argument("cluster", choices=list(_KINDS))
    parser.add_argument("action", choices=["install", "start", "stop", "status"])
    parser.add_argument("--port", type=int, default=8081, help="of Flink's REST interface and pages; of Spark's page")
    parser.add_argument("--job-port", type=int, default=8099, help="of Beam's job server")
    args = parser.parse_args()
    folder = _FOLDER / args.cluster
    module, kind = _KINDS[args.cluster]
    try:
        if args.action == "install":
            module.install()
            return 0
        if args.action == "start":
            cluster.start(kind, folder, args.port, args.job_port)
        elif args.action == "stop":
            cluster.stop(folder)
    except processes.ClusterError as error:
        print(error, file=sys.stderr)
        return 1
    _show(kind, folder)
    return 0


def _show(kind: type[Cluster], folder: Path) -> None:
    found = cluster.find(kind, folder)
    if found is None:
        print(f"no {kind.__name__} cluster runs")
        return
    for name in found.names:
        pid = found.pid(name)
        print(f"{name}: {f'process {pid}' if pid else 'has ended'}")
    print(f"{kind.__name__}: {found.page}  logs: {folder}")
    print(f"shardmill run pipeline.toml --engine {kind.engine} {' '.join(found.options)}")


if __name__ == "__main__":
    sys.exit(main())
