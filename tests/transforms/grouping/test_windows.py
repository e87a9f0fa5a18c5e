"""Windows lie in groups as plain loops lay them, and cover rows without counting one twice."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.grouping import windows
from shardmill.transforms.grouping.group_counts import GroupCounts
from shardmill.transforms.grouping.settings import Window
from shardmill.transforms.grouping.windows import Batch, WindowCutter, Windows, check_windows, window_hashes

WINDOWS = st.builds(
    Window, size=st.integers(1, 5), shift=st.integers(1, 4), stride=st.integers(1, 3), horizon=st.integers(0, 3)
)


def expected(lengths: list[int], window: Window) -> list[tuple[int, int]]:
    """The first row of each window and its number in its group, laid one by one."""
    found, first = [], 0
    for length in lengths:
        start = 0
        while start + (window.size - 1) * window.stride + window.horizon < length:
            found.append((first + start, start // window.shift))
            start += window.shift
        first += length
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=6), WINDOWS, st.integers(1, 9), st.integers(1, 20))
def test_batches_have_every_window_and_every_used_row_once(
    lengths: list[int], window: Window, rows: int, steps: int
) -> None:
    """Whatever a batch's size: the windows of a plain loop, and each row in one of them, or with the labels of one, counts once."""
    edges = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_BATCH_ROWS", rows)
        patch.setattr(windows, "_BATCH_STEPS", steps)
        found = Windows.of_groups(edges, window)
        batches = list(found.batches(10))
    starts = [
        (int(start), int(number))
        for batch in batches
        for start, number in zip(batch.starts, batch.numbers, strict=True)
    ]
    assert starts == expected(lengths, window)
    inside = {start + step * window.stride for start, _ in starts for step in range(window.size)}
    used = inside | {start + window.reach for start, _ in starts}
    counted = [batch.start + int(row) for batch in batches for row in np.flatnonzero(batch.counted)]
    assert sorted(counted) == sorted(used) == np.flatnonzero(found.used).tolist()
    for batch in batches:
        assert batch.start <= batch.starts.min()
        assert batch.starts.max() + window.reach < batch.stop
        assert len(batch.starts) == 1 or len(batch.starts) * window.size <= steps


def listed(batches: Iterable[Batch], offset: int = 0) -> list[tuple[object, ...]]:
    """Batches of rows after so many others, as lists."""
    return [
        (
            each.start + offset,
            each.stop + offset,
            (each.starts + offset).tolist(),
            each.numbers.tolist(),
            each.counted.tolist(),
        )
        for each in batches
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 25), min_size=1, max_size=6),
    WINDOWS,
    st.integers(1, 6),
    st.lists(st.integers(1, 30), min_size=1, max_size=9),
)
def test_batches_are_the_same_as_rows_come(lengths: list[int], window: Window, rows: int, steps: list[int]) -> None:
    """However the rows are cut into stretches: the same windows, batches, rows that count and dropped rows."""
    edges = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    count = int(edges[-1])
    stops = [*(stop for stop in np.cumsum(steps).tolist() if stop < count), count]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_BATCH_ROWS", rows)
        whole = Windows.of_groups(edges, window)
        cutter, done, found, dropped, longest = WindowCutter(window, 10), 0, [], 0, 0
        for stop in stops:
            inside = edges[(edges > done) & (edges < stop)]
            cut = cutter.cut(np.concatenate([[0], inside - done]), stop - done, last=stop == count)
            found += listed(cut.batches, done)
            done, dropped, longest = done + cut.rows, dropped + cut.dropped, max(longest, int(cut.lengths.max()))
        assert found == listed(whole.batches(10))
    assert (done, dropped, longest) == (count, int((~whole.used).sum()), max(lengths))


def test_wide_rows_make_small_batches() -> None:
    """Of rows with 1 MiB each, 64 fit into a batch's windows; of small ones more."""
    found = Windows.of_groups(np.array([0, 100]), Window(size=16, shift=1, stride=1, horizon=0))
    assert [len(batch.starts) for batch in found.batches(1 << 20)] == [4] * 21 + [1]
    assert [len(batch.starts) for batch in found.batches(10)] == [85]


def test_windows_of_a_group_have_hashes_of_their_own() -> None:
    """They are spread over shards: by the group, and by the window's number in it."""
    hashes = window_hashes(np.array([0, 0, 7, 7], np.uint64), np.array([0, 1, 0, 1]))
    assert len(set(hashes.tolist())) == 4
    assert hashes.tolist() == window_hashes(np.array([0, 0, 7, 7], np.uint64), np.array([0, 1, 0, 1])).tolist()


def test_a_window_longer_than_every_group_of_a_split_is_told() -> None:
    """The message has the split, what a window reaches over, and the longest group; counts of both workers are merged."""
    window = Window(size=4, shift=1, stride=2, horizon=1)
    counts, others = GroupCounts(), GroupCounts()
    counts.see_groups(np.array([0, 1, 1]), np.array([9, 3, 2]))
    others.see_groups(np.array([1]), np.array([7]))
    counts.records = Counter(train=2)
    counts.merge(others)
    message = (
        r"\[window\] size: expected a group of at least 8 rows in split 'eval', since a window with its labels reaches over as many, "
        "received at most 7 in a group; make size, stride or horizon smaller"
    )
    with pytest.raises(DataError, match=message):
        check_windows(counts, window, ["train", "eval", "test"])
    counts.records["eval"] = 1
    assert check_windows(counts, window, ["train", "eval", "test"]) is counts
