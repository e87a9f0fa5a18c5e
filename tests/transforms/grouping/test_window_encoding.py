"""Windows as Examples: what is stacked, what is taken once, and what doesn't fit."""

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec, sparse_specs
from shardmill.transforms.grouping.partitions import Groups
from shardmill.transforms.grouping.record_encoder import record_encoder
from shardmill.transforms.grouping.settings import Grouping, Window
from shardmill.transforms.grouping.window_encoding import check_window
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.tfrecord.decode import decode_example

WINDOW = Window(size=2, shift=1, stride=2, horizon=1)
GROUPING = Grouping(group_by=(), order_by="time", window=WINDOW)
FEATURES = (
    FeatureSpec("pair", "float32", (2,)),
    FeatureSpec("words", "bytes", (2,)),
    FeatureSpec("word", "bytes"),
    FeatureSpec("y", "int64"),
    FeatureSpec("many", "int64", None),
)


def test_features_are_of_all_rows_and_labels_of_one() -> None:
    """Numbers and text of any shape are stacked row by row; a label is of the row `horizon` after the last, empty where it has none."""
    rows = 5
    outputs = {
        "pair": np.arange(10, dtype=np.float32).reshape(rows, 2),
        "words": pa.array([f"{row}{at}".encode() for row in range(rows) for at in "ab"], pa.binary()),
        "word": pa.array([b"v", b"w", b"x", b"y", b"z"]),
        "y": np.arange(rows) * 10,
        "many": pa.array([[0], [1], [2], [], [4, 4]], pa.large_list(pa.int64())),
    }
    columns = pa.RecordBatch.from_arrays([pa.array(range(rows))], ["time"])
    starts = np.array([0, 1])
    groups = Groups(
        columns,
        starts,
        starts + WINDOW.reach + 1,
        starts.astype(np.uint64),
        starts * 0,
        np.zeros(rows, np.int64),
        GROUPING,
    )
    encoder = record_encoder(GROUPING, FEATURES, ("y", "many"), ShardRule(2))
    records = [decode_example(record.as_py()) for record in encoder.records(groups, outputs, np.array([1, 0]))]
    assert [list(record["pair"]) for record in records] == [[2, 3, 6, 7], [0, 1, 4, 5]]
    assert [list(record["words"]) for record in records] == [[b"1a", b"1b", b"3a", b"3b"], [b"0a", b"0b", b"2a", b"2b"]]
    assert [list(record["word"]) for record in records] == [[b"w", b"y"], [b"v", b"x"]]
    assert [list(record["y"]) for record in records] == [[40], [30]]
    assert [list(record["many"]) for record in records] == [[4, 4], []]
    offsets, frames = encoder.framed(groups, outputs, np.array([0]))
    assert bytes(frames[offsets[0] + 12 : offsets[1] - 4]) == encoder.records(groups, outputs, np.array([0]))[0].as_py()


def test_features_that_do_not_fit_into_windows_are_told() -> None:
    """Varying lengths can't be stacked, except in labels; there must be something to stack, and a label for a horizon."""
    check_window(WINDOW, FEATURES, ("y", "many"))
    with pytest.raises(ConfigError, match=r"\[window\]: expected features of a fixed length, .* received 'many'"):
        check_window(WINDOW, FEATURES, ("y",))
    with pytest.raises(ConfigError, match=r"\[window\]: expected features of a fixed length, .* received 'bag'"):
        check_window(WINDOW, sparse_specs("bag", "float32", 9), ("y",))
    with pytest.raises(ConfigError, match=r"\[window\]: expected a feature besides labels, received none"):
        check_window(WINDOW, FEATURES[3:], ("y", "many"))
    with pytest.raises(
        ConfigError, match=r"\[window\] horizon: expected a label, .* received horizon = 1 and no label"
    ):
        check_window(WINDOW, FEATURES[:2], ())
