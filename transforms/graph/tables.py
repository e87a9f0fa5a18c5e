"""The graph's lookup tables from tokens to ids."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from shardmill.transforms.kinds.base import TableKey
from shardmill.transforms.statistics.requests import Statistics


class Tables:
    """Lookup tables, one for each key."""

    def __init__(self, statistics: Statistics) -> None:
        """Takes the vocabularies.

        Args:
            statistics: The results of the analysis.
        """
        self._statistics = statistics
        self._assets: dict[str, Any] = {}
        self._tables: dict[TableKey, Any] = {}

    def table(self, key: TableKey) -> Any:
        """The table of a key: see `Trace.table`."""
        if key not in self._tables:
            # Outside of the function that is being traced, so that all functions share the table.
            with tf.init_scope():
                self._tables[key] = self._new_table(key)
        return self._tables[key]

    @property
    def kept(self) -> Sequence[Any]:
        """The files and tables to save with the graph."""
        return list(self._assets.values()), list(self._tables.values())

    def _new_table(self, key: TableKey) -> Any:
        path = self._statistics.vocabularies[key.vocabulary].path
        if key.vocabulary not in self._assets:
            self._assets[key.vocabulary] = tf.saved_model.Asset(path)
        initializer = _OnLoading(
            self._assets[key.vocabulary].asset_path,
            *(tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER),
        )
        if key.num_oov_buckets:
            return tf.lookup.StaticVocabularyTable(initializer, key.num_oov_buckets, lookup_key_dtype=tf.string)
        return tf.lookup.StaticHashTable(initializer, key.default_value)


class _OnLoading(tf.lookup.TextFileInitializer):  # type: ignore[misc]
    """Fills a table where the graph is loaded.

    Where it is traced, the table stays empty: with ten million tokens it takes 0.5 GB, and nothing
    looks them up.
    """

    def initialize(self, table: Any) -> Any:
        return None if tf.executing_eagerly() else super().initialize(table)
