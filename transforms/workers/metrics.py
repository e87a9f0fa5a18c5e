"""Counters and log lines of a worker's progress.

Progress is counted in this process (see `phases`) and in Beam's metrics, and written to the log.
Beam's counters reach the engine (Flink shows them in its UI, by step) and, summed over all workers,
the submitting process. They count successful bundles, and of retried ones as many as the engine
counts. Outside a bundle counting is a cheap no-op.
"""

import functools
import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from apache_beam.metrics import Metrics, MetricsFilter

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.workers import phases

# The namespace of Beam's counters, and the name of the log.
NAMESPACE = "shardmill"

# The analysis: each row once, and the bytes of its text, though later passes read them again.
ROWS_READ = Metrics.counter(NAMESPACE, "rows-read")
ROWS_REJECTED = Metrics.counter(NAMESPACE, "rows-rejected")
BYTES_READ = Metrics.counter(NAMESPACE, "bytes-read")
# Of these rows, those whose findings an earlier run has kept.
ROWS_KEPT = Metrics.counter(NAMESPACE, "rows-kept")
# The transform: records of all splits, without rejected rows, and their compressed bytes.
ROWS_WRITTEN = Metrics.counter(NAMESPACE, "rows-written")
BYTES_WRITTEN = Metrics.counter(NAMESPACE, "bytes-written")
# Of these records, those that a run which was stopped has written.
ROWS_RESUMED = Metrics.counter(NAMESPACE, "rows-resumed")

_LOG = logging.getLogger(NAMESPACE)


class Work:
    """Progress of a step on one unit or file.

    Attributes:
        step: The step.
        rows: Rows done.
        size: Bytes done.
    """

    def __init__(self, step: str) -> None:
        """Notes that the step has begun.

        Args:
            step: The step's name, e.g. "analyze".
        """
        self.step = step
        self.rows = 0
        self.size = 0
        self._parts: Counter[str] = Counter()
        phases.start(step)

    def add(self, rows: int, size: int) -> None:
        """Counts the progress since the last call.

        Args:
            rows: Rows.
            size: Bytes.
        """
        self.rows += rows
        self.size += size
        phases.add(self.step, rows, size)

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        """Times a part of the step, some times a block.

        Args:
            part: The part's name, e.g. "graph". Its time is the counter `<step>-<part>-msec`, of
                the step's own `<step>-msec`.
        """
        started = time.perf_counter_ns()
        yield
        self._parts[part] += time.perf_counter_ns() - started

    def count_parts(self) -> None:
        """Adds the parts' times to their counters."""
        for part, spent in self._parts.items():
            _timer(f"{self.step}-{part}").inc(round(spent / 1e6))


@contextmanager
def working(step: str, on: str) -> Iterator[Work]:
    """Times a worker's step and logs its beginning and end.

    Its progress is counted by `Work.add`.

    Args:
        step: The step's name, which is its phase's in `phases`. Its time is the counter
            `<step>-msec`, summed over all workers.
        on: The unit, by its `unit_name`, or the file that is worked on.
    """
    _LOG.info("%s %s: begins", step, on)
    started = time.perf_counter_ns()
    work = Work(step)
    yield work
    spent = time.perf_counter_ns() - started
    _timer(step).inc(round(spent / 1e6))
    work.count_parts()
    _LOG.info("%s %s: %s in %.2f s", step, on, f"{work.rows} rows" if work.rows else "done", spent / 1e9)


@functools.cache
def _timer(step: str) -> Any:
    return Metrics.counter(NAMESPACE, f"{step}-msec")


def unit_name(unit: Unit) -> str:
    """A unit's name in the log: index, file and bytes."""
    return f"unit {unit.index} ({unit.path!r} from byte {unit.start} to {unit.stop or 'its end'})"


def unit_names(units: Sequence[Unit]) -> str:
    """The name in the log of several units."""
    others = f" and the {len(units) - 1} after it" if units[1:] else ""
    return f"{unit_name(units[0])}{others}"


def collect(result: Any) -> dict[str, int]:
    """Counters of a finished pipeline, summed over steps and workers.

    Args:
        result: Beam's `PipelineResult`.

    Returns:
        The counters by name. Empty where the engine has none or doesn't answer any more: a finished
        run doesn't fail for want of its counters.
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
