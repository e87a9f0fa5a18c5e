"""Windows: stretches of rows of a group, in order."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from shardmill.schemas.errors import DataError
from shardmill.schemas.splitmix import GAMMA, finalize
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.grouping.settings import Window

# Rows among which the windows of a batch begin.
_BATCH_ROWS = 1 << 14
# The rows of a batch's windows, each as often as it is in one: their number at most, and their
# bytes in memory, about.
_BATCH_STEPS = 1 << 16
_BATCH_BYTES = 64 << 20

Indices = npt.NDArray[np.int64]


class Batch(NamedTuple):
    """Consecutive windows, and the rows that they reach over.

    Attributes:
        start: The first of these rows.
        stop: The row after the last.
        starts: The first row of each window.
        numbers: The number of each window in its group, from 0.
        counted: Which of the rows are used, and were in no earlier batch, bool [stop - start].
    """

    start: int
    stop: int
    starts: Indices
    numbers: Indices
    counted: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Windows:
    """The windows of sorted rows.

    Attributes:
        starts: The first row of each window, ascending.
        numbers: The number of each window in its group, from 0.
        used: Which rows are in a window, or have the labels of one, bool.
        window: How they lie in a group.
    """

    starts: Indices
    numbers: Indices
    used: npt.NDArray[np.bool_]
    window: Window

    @classmethod
    def of_groups(cls, edges: Indices, window: Window) -> "Windows":
        """Lays windows over groups; none crosses a group's end.

        Args:
            edges: The first row of each group, and the number of all rows. That of the first is
                negative if rows of it came before; no window begins among these.
            window: How they lie in a group.
        """
        counts = np.maximum((np.diff(edges) - 1 - window.reach) // window.shift + 1, 0)
        before = np.minimum(np.maximum(-edges[:-1] + window.shift - 1, 0) // window.shift, counts)
        counts -= before
        numbers = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts - before, counts)
        starts = np.repeat(edges[:-1], counts) + numbers * window.shift
        used = np.zeros(int(edges[-1]), np.bool_)
        for step in range(window.size):
            used[starts + step * window.stride] = True
        used[starts + window.reach] = True
        return cls(starts, numbers, used, window)

    def batches(self, row_bytes: int, seen: int = 0) -> Iterator[Batch]:
        """Yields all windows in batches of a bounded size.

        Args:
            row_bytes: Bytes of a row in memory.
            seen: The rows at the beginning that an earlier batch reached over.
        """
        most = max(1, min(_BATCH_STEPS, _BATCH_BYTES // max(row_bytes, 1)) // self.window.size)
        begins = np.flatnonzero(np.diff(self.starts // _BATCH_ROWS, prepend=-1))
        for begin, end in itertools.pairwise([*begins.tolist(), len(self.starts)]):
            for first in range(begin, end, most):
                last = min(first + most, end)
                start, stop = int(self.starts[first]), int(self.starts[last - 1]) + self.window.reach + 1
                counted = self.used[start:stop].copy()
                counted[: max(seen - start, 0)] = False
                seen = stop
                yield Batch(start, stop, self.starts[first:last], self.numbers[first:last], counted)


class Cut(NamedTuple):
    """The windows of the rows that have come so far.

    Attributes:
        batches: The windows, in order; once.
        rows: The rows that no later window needs, which come first.
        dropped: How many of them are in no window.
        lengths: The rows that each group has so far.
    """

    batches: Iterator[Batch]
    rows: int
    dropped: int
    lengths: Indices


class WindowCutter:
    """Lays windows over sorted rows that come in stretches.

    The windows and their batches are the same however the rows are cut into stretches.

    Attributes:
        window: How windows lie in a group.
    """

    def __init__(self, window: Window, row_bytes: int) -> None:
        """Starts before the first row.

        Args:
            window: How they lie in a group.
            row_bytes: Bytes of a row in memory, on average over all rows.
        """
        self.window = window
        self._row_bytes = row_bytes
        # Of the rows held back: those of the first one's group that came before, those that earlier
        # batches reached over, and which are in a window of an earlier cut.
        self._before = 0
        self._seen = 0
        self._used = np.zeros(0, np.bool_)

    @property
    def least(self) -> int:
        """The rows that are worth a cut.

        Most of so many won't be held back.
        """
        return 4 * (_BATCH_ROWS + 2 * self.window.reach)

    def cut(self, starts: Indices, rows: int, *, last: bool) -> Cut:
        """Lays the windows about which later rows change nothing.

        Args:
            starts: The first row of each group, from 0: rows held back are the first.
            rows: The number of rows.
            last: Whether all rows have come.
        """
        edges = np.append(starts, rows)
        edges[0] -= self._before
        found = Windows.of_groups(edges, self.window)
        found.used[: len(self._used)] |= self._used
        # A batch counts the rows that it reaches over, which later windows may use, too. And the
        # next row's group must be known.
        done = rows if last else max(rows - 1 - 2 * self.window.reach, 0) // _BATCH_ROWS * _BATCH_ROWS
        ready = found.starts < done
        found = Windows(found.starts[ready], found.numbers[ready], found.used, self.window)
        batches = found.batches(self._row_bytes, self._seen)
        seen = int(found.starts[-1]) + self.window.reach + 1 if len(found.starts) else self._seen
        self._seen = max(seen - done, 0)
        self._used = found.used[done:]
        group = np.searchsorted(starts, done, side="right") - 1
        self._before = done - int(edges[group])
        return Cut(batches, done, done - int(found.used[:done].sum()), np.diff(edges))


def window_hashes(hashes: npt.NDArray[np.uint64], numbers: Indices) -> npt.NDArray[np.uint64]:
    """A hash of each window, by which shards are chosen.

    Args:
        hashes: The hash of each one's group.
        numbers: The number of each one in its group.
    """
    return finalize(hashes + (numbers.astype(np.uint64) + np.uint64(1)) * GAMMA)


def check_windows(counts: GroupCounts, window: Window, splits: Sequence[str]) -> GroupCounts:
    """Passes counts on if no split lacks windows.

    Args:
        counts: The counts of all groups.
        window: How windows lie in a group.
        splits: The splits' names.

    Raises:
        DataError: No group of a split is as long as a window reaches.
    """
    for split, longest in sorted(counts.longest.items()):
        if not counts.records[splits[split]]:
            raise DataError(
                f"[window] size: expected a group of at least {window.reach + 1:,} rows in split {splits[split]!r}, since a window with "
                f"its labels reaches over as many, received at most {longest:,} in a group; make size, stride or horizon smaller, or "
                "give the split more rows"
            )
    return counts
