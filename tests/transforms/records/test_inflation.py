"""Blank lines of compressed files are bounded by the rows among them."""

import numpy as np
import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.records.inflation import Inflation

NONE = np.zeros(0, np.int64)
MIB = 1 << 20


def test_each_row_allows_for_more() -> None:
    """16 MiB are allowed, and a kilobyte for each row; rows themselves, and their ends, don't count."""
    found = Inflation("a.csv.gz")
    starts = np.arange(1024, dtype=np.int64) * 102
    found.add(1024 * 102, starts, starts + 100)
    found.add(17 * MIB, NONE, NONE)
    with pytest.raises(DataError, match=r"'a\.csv\.gz': expected .* received more with 1,024 rows"):
        found.add(1, NONE, NONE)


def test_a_large_row_is_no_fault() -> None:
    """Text within a row is data, whatever its size."""
    found = Inflation("a.csv.gz")
    for _ in range(4):
        found.add(200 * MIB, np.array([0]), np.array([200 * MIB - 1]))
