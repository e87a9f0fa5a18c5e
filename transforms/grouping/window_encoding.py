"""Encodes windows of rows as `tf.train.Example` records."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import from_numpy
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.grouping.encoding import RecordEncoder
from shardmill.transforms.grouping.partitions import Groups, Indices
from shardmill.transforms.grouping.settings import Window
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.tfrecord.encode import ExampleEncoder, Outputs, Room, fresh


def check_window(window: Window, features: Sequence[FeatureSpec], labels: Collection[str]) -> None:
    """Checks that features fit into windows.

    Args:
        window: How windows lie in a group.
        features: All features, labels too.
        labels: The labels' names.

    Raises:
        ConfigError: A feature is of varying length, there is none but labels, or a horizon without
            a label.
    """
    others = [feature for feature in features if feature.name not in labels]
    for feature in others:
        if feature.shape is None:
            raise ConfigError(
                f"[window]: expected features of a fixed length, which windows stack, received {feature.part_of or feature.name!r}, whose "
                "length varies by row; pad it or give it a dense form (max_length, ragged, output), or leave it out"
            )
    if not others:
        raise ConfigError("[window]: expected a feature besides labels, received none; add one to [features]")
    if window.horizon and not labels:
        raise ConfigError(
            f"[window] horizon: expected a label, which is taken so many rows after a window, received horizon = {window.horizon} and no "
            'label; add one (kind = "label"), or leave horizon out'
        )


class WindowEncoder(RecordEncoder):
    """Encodes windows whose rows have been transformed."""

    def __init__(
        self, window: Window, features: Sequence[FeatureSpec], labels: Collection[str], rule: ShardRule
    ) -> None:
        """Takes the features.

        Args:
            window: How windows lie in a group.
            features: The features, in any order.
            labels: The names of those that a window has of one row.
            rule: How windows are spread over shards.

        Raises:
            ConfigError: The features don't fit into windows.
        """
        super().__init__(rule)
        check_window(window, features, labels)
        self._window = window
        self._features = tuple(features)
        self._labels = frozenset(labels)
        self._encoder = ExampleEncoder(features)

    def framed(
        self, groups: Groups, outputs: Outputs, order: Indices, room: Room = fresh
    ) -> tuple[Indices, npt.NDArray[np.uint8]]:
        """Encodes windows as TFRecord frames: see `RecordEncoder`."""
        return self._encoder.encode_framed(self._stacked(groups, outputs, order), len(order), None, room)

    def records(self, groups: Groups, outputs: Outputs, order: Indices) -> pa.Array:
        """Encodes windows as large_binary, without frames."""
        return self._encoder.encode(self._stacked(groups, outputs, order), len(order))

    def _stacked(self, groups: Groups, outputs: Outputs, order: Indices) -> Outputs:
        """The windows' values of each feature, in order."""
        rows = groups.columns.num_rows
        steps = np.arange(self._window.size, dtype=np.int64) * self._window.stride
        inside = (groups.starts[order][:, None] + steps).reshape(-1)
        last = groups.stops[order] - 1
        return {
            feature.name: _take(outputs[feature.name], last if feature.name in self._labels else inside, rows)
            for feature in self._features
        }


def _take(values: npt.NDArray[Any] | pa.Array, taken: Indices, rows: int) -> npt.NDArray[Any] | pa.Array:
    """The values of some rows, in the rows' order."""
    if isinstance(values, np.ndarray):
        return values[taken]
    if pa.types.is_large_list(values.type):
        return values.take(from_numpy(taken))
    # Text is flat: a row's values come one after the other. Its offsets may outgrow 32 bits.
    each = len(values) // rows
    flat = taken if each == 1 else (taken[:, None] * each + np.arange(each)).reshape(-1)
    return values.cast(pa.large_binary()).take(from_numpy(flat))
