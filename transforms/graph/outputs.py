"""The outputs of a transform graph.

They are those of declared features, or of a TF Transform function that TF Transform has analyzed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import FOLD, Column, Schema
from shardmill.transforms.functions.columns import (
    DTYPES,
    Columns,
    from_dense,
    output_columns,
    sparse_columns,
    tft_spec,
    to_dense,
)
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.graph.packing import Pack, packs
from shardmill.transforms.graph.stacks import Stacks, unstack
from shardmill.transforms.graph.tables import Tables
from shardmill.transforms.kinds.base import Kind, Tensor, Trace
from shardmill.transforms.statistics.requests import Statistics


class Block(NamedTuple):
    """A tensor of outputs.

    Attributes:
        specs: The outputs. If there are several, they are scalars, and each is a row of the tensor.
        tensor: The values: [batch, ...], or [outputs, batch]. Those of varying length are flat.
        row_lengths: The rows' lengths, if they vary.
    """

    specs: tuple[FeatureSpec, ...]
    tensor: Tensor
    row_lengths: Tensor | None = None


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
        folded: The outputs that depend on `FOLD`.
    """

    schema: Schema
    labels: Mapping[str, tuple[str, ...]]
    read: tuple[Column, ...]
    served: tuple[Column, ...]
    infinite: Collection[str] = ()
    folded: Sequence[str] = ()

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

    def build_blocks(self, inputs: Stacks) -> list[Block]:
        """Builds all outputs but the labels, as few tensors.

        Args:
            inputs: The columns of `served`, stacked as `stacks` says; and `FOLD`, where outputs
                depend on it.
        """
        built = self.build_columns(inputs, labels=False)
        return [Block((spec,), values, lengths) for columns in built.values() for spec, values, lengths in columns]

    @property
    def stacks(self) -> tuple[tuple[str, ...], ...]:
        """The columns of `served`, by the tensors that hold them."""
        return tuple((column.name,) for column in self.served)

    def ordered(self, specs: Iterable[FeatureSpec]) -> list[FeatureSpec]:
        """Orders outputs as they are listed outside."""
        return list(specs)

    @abstractmethod
    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Builds all outputs, as a TF Transform function returns them.

        Each is built from its own columns: TF Transform leaves out the outputs whose columns aren't
        given.

        Args:
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

    def _finite(self, raw: Any, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Replaces infinite numbers by NaN where they count as missing.

        Args:
            raw: `tf.raw_ops`, or what records their use.
            inputs: Dense raw columns.
        """
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
        self._derived = derive.dependencies if derive is not None else {}
        self.schema = Schema(tuple(column for column in schema if column.name not in self._derived))
        self._statistics = statistics
        self._kinds = tuple(kinds)
        self.folded = [kind.name for kind in kinds if kind.uses_folds]
        self._tables = Tables(statistics)
        self.outputs = {kind.name: kind.outputs(schema, statistics) for kind in kinds}

        self._set_columns(
            self._raw([kind for kind in kinds if not kind.is_label]),
            {spec.name: self._raw([kind]) for kind in kinds if kind.is_label for spec in self.outputs[kind.name]},
        )
        dtypes = {column.name: DTYPES[column.type] for column in self.schema}
        self._packs = packs(tf, (kind for kind in kinds if not kind.is_label), dtypes, statistics, self._finite)
        packed = {kind.name for pack in self._packs for kind in pack.kinds}
        self._unpacked = [kind for kind in kinds if kind.name not in packed]

    def build_columns(self, inputs: Mapping[str, Tensor], *, labels: bool) -> dict[str, Columns]:
        """See `Transform.build_columns`."""
        kinds = [kind for kind in self._kinds if kind.is_label == labels]
        return {name: self._columns(kind, name, value) for kind, name, value in self._built(kinds, inputs)}

    def build_blocks(self, inputs: Stacks) -> list[Block]:
        """See `Transform.build_blocks`."""
        alone = [kind for kind in self._unpacked if not kind.is_label]
        blocks = [
            Block((spec,), tensor, lengths)
            for kind, name, value in self._built(alone, inputs)
            for spec, tensor, lengths in self._columns(kind, name, value)
        ]
        specs = {spec.name: spec for spec in self.specs}
        trace = Trace(tf, {}, self._statistics, self._tables.opened())
        for pack in self._packs:
            built = pack.build(trace, [inputs.stacked(columns) for columns in pack.columns], tf.constant(pack.numbers))
            for names, tensor in zip(pack.outputs, built, strict=True):
                own = tuple(specs[name] for name in names)
                # Text is read flat, so each of its rows is a block.
                flat = own[0].dtype == "bytes"
                blocks += map(Block, zip(own), unstack(tensor, len(own))) if flat else [Block(own, tensor)]
        return blocks

    def _raw(self, kinds: Iterable[Kind]) -> list[str]:
        """The raw columns from which features are built."""
        columns = {column for kind in kinds for column in kind.columns}
        return sorted({name for column in columns for name in self._derived.get(column, {column})})

    def _columns(self, kind: Kind, name: str, value: Any) -> Columns:
        """An output's columns in an Example."""
        specs = {spec.name: spec for spec in self.outputs[kind.name]}
        if isinstance(value, tf.SparseTensor):
            columns = sparse_columns(name, value, as_feature=True)
            return [(specs[spec.name], values, lengths) for spec, values, lengths in columns]
        if isinstance(value, tf.RaggedTensor):
            return [(specs[name], value.values, value.row_lengths())]
        return [(specs[name], value, None)]

    def _built(self, kinds: Sequence[Kind], inputs: Mapping[str, Tensor]) -> Iterator[tuple[Kind, str, Any]]:
        """Builds the outputs of features, each by itself."""
        derived = {column for kind in kinds for column in kind.columns if column not in self.schema}
        tensors = self._finite(tf.raw_ops, {column: inputs[column] for column in self._raw(kinds)})
        if FOLD in inputs:
            tensors[FOLD] = inputs[FOLD]
        if self._derive is not None:
            tensors |= self._derive.inline(tensors, derived)
        trace = Trace(tf, tensors, self._statistics, self._tables.opened())
        for kind in kinds:
            yield from ((kind, name, value) for name, value in kind.build_tensors(trace).items())

    @property
    def stacks(self) -> tuple[tuple[str, ...], ...]:
        """The columns of each pack or image together, others alone."""
        together: dict[str, tuple[str, ...]] = {}
        images = [kind.columns for kind in self._unpacked if kind.is_stacked and self._are_alike(kind.columns)]
        for columns in [*(columns for pack in self._packs for columns in pack.columns), *images]:
            if len(set(columns)) == len(columns) and together.keys().isdisjoint(columns):
                together |= dict.fromkeys(columns, columns)
        return tuple(dict.fromkeys(together.get(column.name, (column.name,)) for column in self.served))

    def _are_alike(self, columns: Sequence[str]) -> bool:
        """Whether columns are raw and of one type."""
        return all(name in self.schema for name in columns) and len({self.schema[name].type for name in columns}) == 1

    def ordered(self, specs: Iterable[FeatureSpec]) -> list[FeatureSpec]:
        """In the order of the features."""
        ranks = {spec.name: rank for rank, spec in enumerate(self.specs)}
        return sorted(specs, key=lambda spec: ranks[spec.name])

    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `Transform.transform_fn`."""
        unpacked = self._unpacked
        dense = to_dense({self.schema[name]: inputs[name] for name in self._raw(unpacked)})
        built = {
            # Sparse for TF Transform, as `tf.io.VarLenFeature` reads those of varying length.
            name: value.to_sparse() if isinstance(value, tf.RaggedTensor) else value
            for _, name, value in self._built(unpacked, dense)
        }
        functions: dict[object, Any] = {}
        for pack in self._packs:
            built |= self._each(pack, inputs, functions)
        return built

    def _each(
        self, pack: Pack, inputs: Mapping[str, Any], functions: dict[object, Any]
    ) -> Iterator[tuple[str, Tensor]]:
        """Builds a pack's features one by one.

        They are calls of `functions` that they have in common.
        """
        numbers = tf.unstack(tf.constant(pack.numbers))
        for kind, own, names in zip(pack.kinds, numbers, zip(*pack.outputs, strict=True), strict=True):
            columns = [self.schema[name] for name in kind.columns]
            key = (pack.program, *(column.required for column in columns))
            if key not in functions:
                functions[key] = self._function(pack, columns, own.shape)
            tensors = tf.nest.flatten([inputs[name] for name in kind.columns], expand_composites=True)
            yield from zip(names, functions[key]([own, *tensors]), strict=True)

    def _function(
        self, pack: Pack, columns: Sequence[Column], numbers: Any
    ) -> Callable[[Sequence[Tensor]], list[Tensor]]:
        specs = tf.nest.flatten([self.spec(column) for column in columns], expand_composites=True)
        function = tf.function(partial(self._one, pack, columns), autograph=False).get_concrete_function(
            tf.TensorSpec(numbers), *(tf.TensorSpec(spec.shape, spec.dtype) for spec in specs)
        )
        config = tf.compat.v1.ConfigProto()
        options = tf.config.optimizer.get_experimental_options()
        config.graph_options.rewrite_options.disable_meta_optimizer = options.get("disable_meta_optimizer", False)
        return partial(_called, function, config.SerializeToString(deterministic=True))

    def _one(self, pack: Pack, columns: Sequence[Column], numbers: Tensor, *tensors: Tensor) -> list[Tensor]:
        specs = [self.spec(column) for column in columns]
        raw = tf.nest.pack_sequence_as(specs, tensors, expand_composites=True)
        dense = to_dense(dict(zip(columns, raw, strict=True)))
        rows = [dense[column.name][None] for column in columns]
        trace = Trace(tf, {}, self._statistics, self._tables.opened())
        return [tf.reshape(values, [-1]) for values in pack.build(trace, rows, numbers[None])]

    @property
    def kept(self) -> Sequence[Any]:
        """See `Transform.kept`."""
        return (
            *self._tables.kept,
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


def _called(function: Any, config: bytes, arguments: Sequence[Tensor]) -> list[Tensor]:
    """Calls a function whose outputs are of shape [batch].

    It does what calling it in Python does, in half the time.
    """
    dtypes = [output.dtype for output in function.outputs]
    outputs: list[Tensor] = tf.raw_ops.PartitionedCall(args=arguments, Tout=dtypes, f=function, config_proto=config)
    for output in outputs:
        output.set_shape([None])
    return outputs


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

    def transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """See `Transform.transform_fn`."""
        if self.infinite:
            inputs = self._raw(to_dense({self.schema[name]: value for name, value in inputs.items()}))
        return self._function.inline(inputs, self._function.outputs)

    def _raw(self, inputs: Mapping[str, Tensor]) -> dict[str, Any]:
        return from_dense({self.schema[name]: tensor for name, tensor in self._finite(tf.raw_ops, inputs).items()})

    @property
    def kept(self) -> Sequence[Any]:
        """See `Transform.kept`."""
        return self._function.kept
