"""Keys counted by the splits that their rows are in."""

import tempfile
from collections import Counter, defaultdict

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.transforms.grouping.partitions import Partition
from shardmill.transforms.repeats.key_files import KeyWriter
from shardmill.transforms.repeats.key_spans import KeySpans, count_spans, write_splits

_ROWS = st.lists(st.tuples(st.sampled_from(["", "a", "b", "a\x1fb", "\x1f", "c", "d"]), st.integers(0, 2)), max_size=30)


@settings(deadline=None, max_examples=40)
@given(st.lists(_ROWS, max_size=4), st.integers(0, 2))
def test_each_key_counts_once_for_all_of_its_splits(blocks: list[list[tuple[str, int]]], bits: int) -> None:
    """However its rows are spread over blocks, files and partitions; a key without any value isn't counted."""
    splits_of: dict[str, set[int]] = defaultdict(set)
    for key, split in (row for rows in blocks for row in rows):
        splits_of[key].add(split)
    expected = Counter(tuple(sorted(splits)) for key, splits in splits_of.items() if key.strip("\x1f"))
    spans = KeySpans()
    with tempfile.TemporaryDirectory() as folder:
        key_files = []
        for rows in blocks:
            writer = KeyWriter(folder)
            keys = pa.array([key for key, _ in rows], pa.string())
            key_files += write_splits(writer, keys, np.array([split for _, split in rows], np.int64), 3)
            key_files += writer.close()
        for index in range(1 << bits):
            spans.merge(count_spans(key_files, Partition(bits, index)))
    assert spans.counts == expected
    names = ("train", "eval", "test")
    assert spans.entry(("k",), names) == {
        "key": ["k"],
        "values": sum(expected.values()),
        "shared": [
            {"splits": [names[index] for index in splits], "values": count}
            for splits, count in sorted(expected.items())
            if len(splits) > 1
        ],
    }
