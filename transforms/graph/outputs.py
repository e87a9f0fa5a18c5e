"""The outputs of a transform graph.

They are those of declared features, or of a TF Transform function that TF Transform has analyzed.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Column, Schema
from shardmill.transforms.functions.columns import Columns, from_dense, output_columns, tft_spec, to_dense
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.kinds.base import Kind, TableKey, Tensor, Trace
from shardmill.transforms.statistics.requests import Statistics


class Transform(ABC):
    """Builds the outputs of a transform from raw columns.

    It does so in the graph that is being traced.

    Attributes:
        schema: All raw columns.
        labels: For each output that is a label, the raw columns that no other output needs.
        read: The raw columns from which the outputs are computed.
        served: The columns of `read` that outputs other than labels need.
        infinite: The raw columns in which an infinite number counts as missing. Rows are read so,
            but requests to a served model may hold one.
    """

    schema: Schema
    labels: Mapping[str, tuple[str, ...]]
    read: tuple[Column, ...]
    served: tuple[Column, ...]
    infinite: Collection[str] = ()

    def spec(self, column: Column) -> Any:
        """The type spec of a raw column in `transform_fn`."""
        return tft_spec(column)

    @abstractmethod
    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        """Builds the labels, or all other outputs.

        Returns each output's columns in an Example.

        Args:
            inputs: Dense raw columns, each [batch]: those of `read`, or of `served` where no labels
                are built.
            labels: Whether to build the labels, rather than all other outputs.
        """

    @abstractmethod
    def transform_fn(self, features: Function, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Builds all outputs, as a TF Transform function returns them.

        Args:
            features: The traced function of the outputs that aren't labels.
            inputs: TF Transform's raw features, for the columns of `read`.
        """

    @property
    def derived(self) -> Function | None:
        """The function that makes derived columns from raw ones.

        None means that there are no derived columns.
        """
        return None

    @property
    @abstractmethod
    def kept(self) -> Sequence[Any]:
        """Objects to save along with the graph: assets, tables."""

    def _finite(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Replaces infinite numbers by NaN where they count as missing.

        The inputs are dense raw columns.
        """
        raw = tf.raw_ops
        return {
            name: raw.SelectV2(condition=raw.IsInf(x=values), t=np.float32(np.nan), e=values)
            if name in self.infinite
            else values
            for name, values in inputs.items()
        }

    def _set_columns(self, features: Collection[str], labels: Mapping[str, Collection[str]]) -> None:
        """Sets `read`, `served` and `labels`.

        `features` are the raw columns that outputs other than labels need, `labels` those of each
        label.
        """
        read = {*features, *(column for columns in labels.values() for column in columns)}
        self.read = tuple(column for column in self.schema if column.name in read)
        self.served = tuple(column for column in self.read if column.name in features)
        self.labels = {
            name: tuple(column.name for column in self.read if column.name in columns and column.name not in features)
            for name, columns in labels.items()
        }


class Declared(Transform):
    """Declared features, some of them of derived columns."""

    def __init__(
        self,
        kinds: Sequence[Kind],
        schema: Schema,
        statistics: Statistics,
        derive: Function | None = None,
        infinite: Collection[str] = (),
    ) -> None:
        """Takes the features.

        Args:
            kinds: The features.
            schema: The raw columns, and the derived ones.
            statistics: The results of the analysis.
            derive: The function that makes the derived columns. None means that there are none.
            infinite: The raw columns in which an infinite number counts as missing.

        Raises:
            DataError: The data can't be transformed as a feature says.
        """
        self._derive = derive
        self.infinite = infinite
        derived = derive.dependencies if derive is not None else {}
        self.schema = Schema(tuple(column for column in schema if column.name not in derived))
        self._statistics = statistics
        self._kinds = tuple(kinds)
        self._assets: dict[str, Any] = {}
        self._tables: dict[TableKey, Any] = {}
        self.outputs = {kind.name: kind.outputs(schema, statistics) for kind in kinds}

        def raw(kind: Kind) -> set[str]:
            return {name for column in kind.columns for name in derived.get(column, {column})}

        self._set_columns(
            {column for kind in kinds if not kind.is_label for column in raw(kind)},
            {spec.name: raw(kind) for kind in kinds if kind.is_label for spec in self.outputs[kind.name]},
        )

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        """See `Transform.build_columns`."""
        kinds = [kind for kind in self._kinds if kind.is_label == labels]
        columns = self._finite(inputs)
        if self._derive is not None:
            wanted = {column for kind in kinds for column in kind.columns if column not in self.schema}
            columns |= self._derive.inline(columns, wanted)
        trace = Trace(tf, columns, self._statistics, self._table)
        specs = {spec.name: spec for kind in kinds for spec in self.outputs[kind.name]}
        return {
            name: [(specs[name], tensor, None)] for kind in kinds for name, tensor in kind.build_tensors(trace).items()
        }

    def transform_fn(self, features: Function, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `Transform.transform_fn`."""
        dense = to_dense({self.schema[name]: value for name, value in inputs.items()})
        built = features.inline({column.name: dense[column.name] for column in self.served}, features.outputs)
        labels = self.build_columns(dense, labels=True)
        return built | {name: tensor for name, ((_, tensor, _),) in labels.items()}

    @property
    def kept(self) -> Sequence[Any]:
        """See `Transform.kept`."""
        return (
            list(self._assets.values()),
            list(self._tables.values()),
            *(self._derive.kept if self._derive is not None else ()),
        )

    @property
    def derived(self) -> Function | None:
        """See `Transform.derived`."""
        return self._derive

    @property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """The specs of all features' outputs, in order."""
        return tuple(spec for kind in self._kinds for spec in self.outputs[kind.name])

    def _table(self, key: TableKey) -> Any:
        if key not in self._tables:
            # Outside of the function that is being traced, so that all functions share the table.
            with tf.init_scope():
                self._tables[key] = self._new_table(key)
        return self._tables[key]

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


class Analyzed(Transform):
    """A TF Transform function after TF Transform's analysis."""

    def __init__(
        self,
        function: Function,
        schema: Schema,
        labels: Collection[str],
        sparse_features: Collection[str],
        infinite: Collection[str] = (),
    ) -> None:
        """Takes the function.

        Args:
            function: The `transform_fn` that TF Transform has written.
            schema: All raw columns.
            labels: The outputs that are labels.
            sparse_features: The outputs that are sparse features in the function's schema.
            infinite: The raw columns in which an infinite number counts as missing.
        """
        self.infinite = infinite
        self.schema = schema
        self._function = function
        self._labels = {name for name in function.outputs if name in labels}
        self._sparse_features = sparse_features
        needs = function.dependencies
        features = {column for name in function.outputs if name not in self._labels for column in needs[name]}
        self._set_columns(features, {name: needs[name] for name in self._labels})

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        """See `Transform.build_columns`."""
        names = [name for name in self._function.outputs if (name in self._labels) == labels]
        raw = self._raw(inputs)
        return {
            name: output_columns(name, value, self._sparse_features)
            for name, value in self._function.inline(raw, names).items()
        }

    def transform_fn(self, features: Function, inputs: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """See `Transform.transform_fn`."""
        if self.infinite:
            inputs = self._raw(to_dense({self.schema[name]: value for name, value in inputs.items()}))
        return self._function.inline(inputs, self._function.outputs)

    def _raw(self, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        return from_dense({self.schema[name]: tensor for name, tensor in self._finite(inputs).items()})

    @property
    def kept(self) -> Sequence[Any]:
        """See `Transform.kept`."""
        return self._function.kept
