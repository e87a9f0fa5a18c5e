"""Counting how far a run is."""

import threading
import time
from collections.abc import Iterator

import pytest

from shardmill.transforms.workers import phases


@pytest.fixture(autouse=True)
def _clean_tally() -> Iterator[None]:
    phases.reset()
    yield
    phases.reset()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as the tally sees it: a list of one number."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    phases.reset()
    return now


def test_phases_are_counted_in_the_order_of_their_start() -> None:
    """Rows and bytes add up by phase."""
    phases.start("scan")
    phases.add("analyze", 10, 100)
    phases.add("scan", 1, 2)
    phases.add("analyze", 5, 50)
    assert list(phases.snapshot().items()) == [("scan", (1, 2)), ("analyze", (15, 150))]
    assert list(phases.seconds()) == ["start", "scan", "analyze", "engine", "total"]
    assert all(spent >= 0 for spent in phases.seconds().values())


def test_phases_account_for_all_of_the_time(clock: list[float]) -> None:
    """What is before them is `start`, what is between them the engine's; where two overlap, the later one counts."""
    for moment, phase in (
        (103, "scan"),
        (105, "analyze"),
        (106, "scan"),
        (109, "analyze"),
        (120, "write"),
        (121, "write"),
    ):
        clock[0] = float(moment)
        phases.add(phase, 0, 0)
    clock[0] = 122.5
    assert phases.seconds() == {
        "start": 3.0,
        "scan": 2.0,
        "analyze": 4.0,
        "write": 1.0,
        "engine": 12.5,
        "total": 22.5,
    }


def test_a_run_without_phases_is_all_start(clock: list[float]) -> None:
    """Where workers are elsewhere nothing is counted here."""
    clock[0] = 104.0
    assert phases.seconds() == {"start": 4.0, "engine": 0.0, "total": 4.0}


def test_no_count_is_lost_between_threads() -> None:
    """Concurrent counts add up exactly."""

    def work() -> None:
        for _ in range(2000):
            phases.add("analyze", 1, 3)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert phases.snapshot() == {"analyze": (16000, 48000)}


def test_reset_forgets() -> None:
    """After a reset nothing is left of the last run."""
    phases.add("analyze", 1, 1)
    phases.reset()
    assert phases.snapshot() == {}
    assert "analyze" not in phases.seconds()
