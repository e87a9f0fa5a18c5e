"""What workers count and say while they work: in the tally of this process, in Beam's metrics and in the log.

Beam's counters reach the engine (Flink shows them in its UI, by step) and, added up over all workers, the submitting process. They are
of what succeeded, and of as much of what was tried again as the engine counts. Outside a bundle counting is a cheap no-op.
"""

import functools
import logging
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from apache_beam.metrics import Metrics, MetricsFilter

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.workers import phases

NAMESPACE = "shardmill"

# Of the analysis: each row once, and the bytes of its text, though later passes read them again.
ROWS_READ = Metrics.counter(NAMESPACE, "rows-read")
ROWS_REJECTED = Metrics.counter(NAMESPACE, "rows-rejected")
BYTES_READ = Metrics.counter(NAMESPACE, "bytes-read")
# Of the transform: records of all splits, and their bytes, compressed; without the rejected rows.
ROWS_WRITTEN = Metrics.counter(NAMESPACE, "rows-written")
BYTES_WRITTEN = Metrics.counter(NAMESPACE, "bytes-written")

_LOG = logging.getLogger(NAMESPACE)


class Work:
    """What has been done of a step's work on one thing.

    Attributes:
        step: The step.
        rows: Rows done.
        size: Bytes done.
    """

    def __init__(self, step: str) -> None:
        """Begins.

        Args:
            step: The step's name, e.g. "analyze".
        """
        self.step = step
        self.rows = 0
        self.size = 0
        phases.start(step)

    def add(self, rows: int, size: int) -> None:
        """Counts what was done since the last call.

        Args:
            rows: Rows.
            size: Bytes.
        """
        self.rows += rows
        self.size += size
        phases.add(self.step, rows, size)


@contextmanager
def working(step: str, on: str) -> Iterator[Work]:
    """Times a worker's work in a step, and logs its beginning and its end. What is done is counted by `Work.add`.

    Args:
        step: The step's name, as the tally has it; its time is the counter `<step>-msec`, the sum over all workers.
        on: What is worked on: `unit_name` of a unit, or a file.
    """
    _LOG.info("%s %s: begins", step, on)
    started = time.perf_counter_ns()
    work = Work(step)
    yield work
    spent = time.perf_counter_ns() - started
    _timer(step).inc(round(spent / 1e6))
    _LOG.info("%s %s: %s in %.2f s", step, on, f"{work.rows} rows" if work.rows else "done", spent / 1e9)


@functools.cache
def _timer(step: str) -> Any:
    return Metrics.counter(NAMESPACE, f"{step}-msec")


def unit_name(unit: Unit) -> str:
    """A unit as the log names it: its index, file and bytes."""
    return f"unit {unit.index} ({unit.path!r} from byte {unit.start} to {unit.stop or 'its end'})"


def collect(result: Any) -> dict[str, int]:
    """The counters of a finished pipeline, each added up over all steps and workers, by name.

    Args:
        result: Beam's `PipelineResult`.

    Returns:
        Nothing where the engine has none, or doesn't answer any more: what is done isn't given up for want of numbers about it.
    """
    try:
        found = result.metrics().query(MetricsFilter().with_namespace(NAMESPACE))["counters"]
    except Exception as error:  # noqa: BLE001  (the client of each engine raises what it likes)
        _LOG.warning("%s: the engine doesn't tell what was counted", error)
        return {}
    sums: Counter[str] = Counter()
    for counter in found:
        sums[counter.key.metric.name] += counter.result or 0
    return dict(sorted(sums.items()))
