"""Times by the clock among the manifest's metrics."""

from collections.abc import Mapping

_BEGINNING, _END = "clock-", "-millis"


def clock_metrics(seconds: Mapping[str, float]) -> dict[str, int]:
    """Metrics of the times of a run's phases, in milliseconds.

    Args:
        seconds: The wall-clock seconds of each phase, and under "total" of the whole run.
    """
    return {f"{_BEGINNING}{phase}{_END}": round(spent * 1000) for phase, spent in seconds.items()}


def clock_seconds(metrics: Mapping[str, int]) -> dict[str, float]:
    """The times of a run's phases in seconds, by phase.

    Args:
        metrics: The manifest's metrics, of which others are left out.
    """
    return {
        name[len(_BEGINNING) : -len(_END)]: spent / 1000
        for name, spent in metrics.items()
        if name.startswith(_BEGINNING) and name.endswith(_END)
    }
