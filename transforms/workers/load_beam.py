"""Loads Beam with no more than an engine needs."""

import gc
import sys

from shardmill.transforms.workers.left_out import left_out

# Beam loads these where they are installed, in a third of its time; only other engines and sources
# need them.
_NOT_LOCAL = (
    "pandas",
    "apache_beam.io.gcp.bigquery",
    "google.cloud.bigquery",
    "google.cloud.dataflow",
    "google.cloud.pubsub",
)


def load_beam(*, local: bool) -> None:
    """Imports Beam, unless it is imported.

    Args:
        local: Whether the local engine will run the job, without a user's function in this process.
    """
    if "apache_beam" in sys.modules:
        return
    # What an import makes stays to the end: it isn't searched for garbage, now or later.
    collects = gc.isenabled()
    gc.disable()
    try:
        with left_out(*(_NOT_LOCAL if local else ())):
            import apache_beam  # noqa: F401  (for what its import loads)
            import pyarrow as pa

            # PyArrow looks for pandas when it first makes an array of a list, and not again.
            pa.array([0])
        gc.freeze()
    finally:
        if collects:
            gc.enable()
