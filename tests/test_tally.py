"""Counting how far a run is."""

import threading
from collections.abc import Iterator

import pytest

from transforms import tally


@pytest.fixture(autouse=True)
def _clean_tally() -> Iterator[None]:
    tally.reset()
    yield
    tally.reset()


def test_phases_are_counted_in_the_order_of_their_start() -> None:
    """Rows and bytes add up by phase."""
    tally.start("scan")
    tally.add("analyze", 10, 100)
    tally.add("scan", 1, 2)
    tally.add("analyze", 5, 50)
    assert list(tally.snapshot().items()) == [("scan", (1, 2)), ("analyze", (15, 150))]
    assert list(tally.seconds()) == ["scan", "analyze"]
    assert all(spent >= 0 for spent in tally.seconds().values())


def test_no_count_is_lost_between_threads() -> None:
    """Concurrent counts add up exactly."""

    def work() -> None:
        for _ in range(2000):
            tally.add("analyze", 1, 3)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tally.snapshot() == {"analyze": (16000, 48000)}


def test_reset_forgets() -> None:
    """After a reset nothing is left of the last run."""
    tally.add("analyze", 1, 1)
    tally.reset()
    assert (tally.snapshot(), tally.seconds()) == ({}, {})
