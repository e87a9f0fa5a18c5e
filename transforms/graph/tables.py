"""The tables in which a graph looks tokens up.

TensorFlow's own classes make an object and three functions of each table. Those of a thousand
vocabularies take longer to trace, and to load, than all else of the graph. Here one object fills
many tables, and functions that look tokens up open them by name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from shardmill.transforms.graph.tfrecord_vocabularies import fill_table
from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX
from shardmill.transforms.kinds.base import TableKey, Tensor
from shardmill.transforms.statistics.requests import Statistics

# The positions of a text file's whole line, and of its number, to TensorFlow.
_WHOLE_LINE, _LINE_NUMBER = -2, -1
# Tables that are filled together: so many that few functions do it; so few that TensorFlow, which
# lets the reading of each file's name wait for all names of its group, adds few such dependencies.
_GROUP = 32
# What a table finds for a token that it doesn't hold, if it is asked where OOV buckets follow.
_UNKNOWN = -1


class Tables:
    """The tables of a graph, one for each vocabulary.

    They are filled where the graph is loaded. Where it is traced they stay empty: with ten million
    tokens a table takes 0.5 GB, and nothing is looked up.
    """

    def __init__(self, statistics: Statistics) -> None:
        """Makes no table yet.

        Args:
            statistics: The results of the analysis; the vocabularies' files are in place.
        """
        self._vocabularies = statistics.vocabularies
        self._numbers: dict[str, int] = {}
        self._groups: list[_Group] = []

    @property
    def kept(self) -> Sequence[Any]:
        """Objects to save along with functions that look up."""
        return self._groups

    def opened(self) -> Callable[[TableKey], "Lookup"]:
        """Opens tables for the function that is being traced.

        Returns:
            A function from a key to its lookup. A table is opened once.
        """
        handle = cache(self._handle)
        return lambda key: Lookup(handle(key.vocabulary), key, self._vocabularies[key.vocabulary].size)

    def _handle(self, vocabulary: str) -> Tensor:
        number = self._numbers.setdefault(vocabulary, len(self._numbers))
        position = number % _GROUP
        # Outside of the function that is being traced, so that all functions share the group.
        with tf.init_scope():
            if number // _GROUP == len(self._groups):
                self._groups.append(_Group(number))
            group = self._groups[number // _GROUP]
            if position == len(group.assets):
                group.add(self._vocabularies[vocabulary].path)
        return group.handle(position)


class _Group(tf.saved_model.experimental.TrackableResource):  # type: ignore[misc]
    """Tables that are filled together.

    Its resource is the first one; the others are opened by name.

    Attributes:
        assets: The vocabularies' files.
    """

    def __init__(self, first: int) -> None:
        """Makes a group without tables.

        Args:
            first: The number of the first table among all.
        """
        super().__init__()
        self.assets: list[Any] = []
        self._first = first
        # The positions of files of TFRecords.
        self._records: set[int] = set()

    def add(self, path: str) -> None:
        """Adds a table, which is filled from a vocabulary's file."""
        asset = tf.saved_model.Asset(path)
        if path.endswith(TFRECORD_SUFFIX):
            self._records.add(len(self.assets))
        # Whoever saves the group alone in another model saves the file, too.
        self._track_trackable(asset, f"vocabulary_{len(self.assets)}")
        self.assets.append(asset)

    def handle(self, position: int) -> Tensor:
        """Opens a table in the function that is being traced."""
        if position:
            return _table(self._first + position)
        with tf.init_scope():
            return self.resource_handle

    def _create_resource(self) -> Tensor:
        """See `TrackableResource`."""
        return _table(self._first)

    def _initialize(self) -> None:
        """See `TrackableResource`."""
        for position, asset in enumerate(self.assets):
            if position in self._records:
                fill_table(self.handle(position), asset.asset_path)
                continue
            tf.raw_ops.InitializeTableFromTextFileV2(
                table_handle=self.handle(position),
                filename=asset.asset_path,
                key_index=_WHOLE_LINE,
                value_index=_LINE_NUMBER,
            )


@dataclass(frozen=True)
class Lookup:
    """A table, open in the function that is being traced.

    Attributes:
        handle: The table.
        key: The ids of tokens that it doesn't hold.
        size: The number of tokens that it holds.
    """

    handle: Tensor
    key: TableKey
    size: int

    def lookup(self, tokens: Tensor) -> Tensor:
        """int64, of the shape of `tokens`: the tokens' ids."""
        raw = tf.raw_ops
        buckets = self.key.num_oov_buckets
        default = np.int64(_UNKNOWN if buckets else self.key.default_value)
        ids = raw.LookupTableFindV2(table_handle=self.handle, keys=tokens, default_value=default)
        ids.set_shape(tokens.shape)
        if not buckets:
            return ids
        hashed = raw.StringToHashBucketFast(input=tokens, num_buckets=buckets)
        return raw.SelectV2(
            condition=raw.NotEqual(x=ids, y=np.int64(_UNKNOWN)),
            t=ids,
            e=raw.AddV2(x=hashed, y=np.int64(self.size)),
        )


def _table(number: int) -> Tensor:
    """Opens a table by its name in this graph.

    Once the graph is saved, tables are named by its content.
    """
    return tf.raw_ops.HashTableV2(
        key_dtype=tf.string,
        value_dtype=tf.int64,
        shared_name=f"vocabulary_{number}",
        # TensorFlow's loader gives the tables of each load other names. Without this it would give
        # the same table another name in each function.
        use_node_name_sharing=True,
    )
