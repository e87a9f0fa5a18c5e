"""The base class of feature kinds.

A kind is a small frozen dataclass that knows its columns, its requests to the analysis, and its
part of the graph.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import MISSING_INT, Column, ColumnType, Schema
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.numbers.refused import Refusal
from shardmill.transforms.statistics import requests
from shardmill.transforms.statistics.requests import MadeTokens, Statistics

Request = requests.Request
Learned = float | list[float]
# A tensor of the TensorFlow module that is passed to kinds: they don't import it themselves.
Tensor = Any

# The column types that kinds of numbers take, and those that kinds of tokens take.
NUMBERS = frozenset({ColumnType.INT, ColumnType.FLOAT})
TOKENS = frozenset({ColumnType.INT, ColumnType.BYTES})


@dataclass(frozen=True)
class TableKey:
    """The settings of a lookup from tokens to ids.

    Attributes:
        vocabulary: The vocabulary's name.
        num_oov_buckets: The number of ids, after the vocabulary's, that are given to other tokens
            by hash.
        default_value: The id of other tokens without OOV buckets.
    """

    vocabulary: str
    num_oov_buckets: int = 0
    default_value: int = -1


@dataclass
class Trace:
    """The tensors of one graph, from which kinds build theirs.

    A tensor that several features need is built once.

    Attributes:
        tf: The TensorFlow module.
        inputs: Dense raw columns, each of shape [batch]: float32 (NaN where missing), int64
            (-2**63) or string (empty); and `FOLD`, but in serving.
        statistics: The results of the analysis.
        table: Returns the lookup of a key: an object with `lookup(tokens)`.
    """

    tf: ModuleType
    inputs: Mapping[str, Tensor]
    statistics: Statistics
    table: Callable[[TableKey], Any]
    _built: dict[object, Tensor] = field(default_factory=dict)

    def missing(self, column: str) -> Tensor:
        """bool[batch]: whether the column's cell is missing."""
        return self._once("missing", column, self._missing)

    def number(self, column: str) -> Tensor:
        """float32[batch]: the numeric column's values; NaN where missing."""
        return self._once("number", column, self._number)

    def double(self, column: str) -> Tensor:
        """float64[batch]: the numeric column's values; NaN where missing."""
        return self._once("double", column, self._double)

    def matrix(self, columns: Sequence[str]) -> Tensor:
        """float32[batch, columns]: numeric columns side by side; NaN where missing."""
        key = ("matrix", tuple(columns))
        if key not in self._built:
            raw = self.tf.raw_ops
            if len({self.inputs[column].dtype for column in columns}) == 1:
                # Converted together: an operation costs as much for one column.
                packed = self._number(raw.Pack(values=[self.inputs[column] for column in columns], axis=1))
            else:
                packed = raw.Pack(values=[self.number(column) for column in columns], axis=1)
            self._built[key] = packed
        return self._built[key]

    def text(self, column: str) -> Tensor:
        """string[batch]: the column's tokens; empty where missing.

        Tokens of an INT column are its decimal text.
        """
        return self._once("text", column, self._text)

    def made(self, tokens: MadeTokens, filling: str | None) -> Tensor:
        """string[batch, None], a RaggedTensor: a column's made tokens.

        Args:
            tokens: The column, and what makes them.
            filling: The text that replaces a missing cell. None means that it has no tokens.
        """
        key = (tokens, filling)
        if key not in self._built:
            texts = self.text(tokens.column)
            if filling is not None:
                texts = self.tf.raw_ops.SelectV2(condition=self.missing(tokens.column), t=filling.encode(), e=texts)
            self._built[key] = tokens.maker.make(self, texts)
        return self._built[key]

    def hidden(self, value: float) -> Tensor:
        """A float32 constant that TensorFlow's optimizer can't fold.

        The optimizer would turn a division by a constant into a multiplication by its reciprocal,
        whose last bit differs; and it does so in some runtimes only.
        """
        return self.hide(self.constant(value))

    def hide(self, constant: Tensor) -> Tensor:
        """Hides a constant from TensorFlow's optimizer: see `hidden`."""
        return self.tf.raw_ops.PlaceholderWithDefault(input=constant, shape=constant.shape)

    def constant(self, value: float) -> Tensor:
        """A float32 scalar constant; equal ones share one operation."""
        number = float32(value)
        key = ("constant", repr(number))
        if key not in self._built:
            self._built[key] = self.tf.constant(number)
        return self._built[key]

    def steady(self, operation: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
        """Applies an elementwise operation on floats to padded values.

        Padding makes a row's bits independent of its position in the batch.

        TensorFlow's kernels compute the last few elements of a tensor, which don't fill a SIMD
        register, with another implementation of `log` or `exp`. So 16 elements of padding are
        appended, as many as the widest register holds, and then cut off.
        """
        return self.cut(operation(self.pad(values)), values)

    def pad(self, values: Tensor) -> Tensor:
        """Flattens a tensor and pads it: see `steady`."""
        raw = self.tf.raw_ops
        padding = np.ones(16, values.dtype.as_numpy_dtype)
        return raw.ConcatV2(values=[raw.Reshape(tensor=values, shape=[-1]), padding], axis=0)

    def cut(self, padded: Tensor, values: Tensor) -> Tensor:
        """Undoes `pad`: the elements, in the shape of `values`."""
        raw = self.tf.raw_ops
        elements = raw.Slice(input=padded, begin=[0], size=raw.Reshape(tensor=raw.Size(input=values), shape=[1]))
        return raw.Reshape(tensor=elements, shape=raw.Shape(input=values))

    def buckets(self, values: Tensor, boundaries: npt.NDArray[np.float32]) -> Tensor:
        """int64: the bucket of each value.

        It is the number of ascending boundaries that the value isn't less than; NaN counts as
        greater than all.
        """
        raw = self.tf.raw_ops
        return raw.Cast(x=raw.Bucketize(input=values, boundaries=boundaries.tolist()), DstT=self.tf.int64)

    def _once(self, what: str, column: str, build: Callable[[Tensor], Tensor]) -> Tensor:
        if (what, column) not in self._built:
            self._built[what, column] = build(self.inputs[column])
        return self._built[what, column]

    def _missing(self, values: Tensor) -> Tensor:
        raw = self.tf.raw_ops
        if values.dtype == self.tf.float32:
            return raw.IsNan(x=values)
        return raw.Equal(x=values, y=b"" if values.dtype == self.tf.string else np.int64(MISSING_INT))

    def _number(self, values: Tensor) -> Tensor:
        if values.dtype == self.tf.float32:
            return values
        raw = self.tf.raw_ops
        number = raw.Cast(x=values, DstT=self.tf.float32)
        return raw.SelectV2(condition=self._missing(values), t=np.float32(np.nan), e=number)

    def _double(self, values: Tensor) -> Tensor:
        raw = self.tf.raw_ops
        number = raw.Cast(x=values, DstT=self.tf.float64)
        if values.dtype == self.tf.float32:
            return number
        return raw.SelectV2(condition=self._missing(values), t=np.float64(np.nan), e=number)

    def _text(self, values: Tensor) -> Tensor:
        if values.dtype == self.tf.string:
            return values
        raw = self.tf.raw_ops
        return raw.SelectV2(condition=self._missing(values), t=b"", e=raw.AsString(input=values))


def float32(value: float) -> np.float32:
    """Rounds a number as the graph does.

    Subnormal numbers become 0, as in TensorFlow's kernels.

    Args:
        value: A float; or an int of an int64 column, which is rounded once, as TensorFlow casts it,
            rather than by way of float64.
    """
    whole = isinstance(value, int) and MISSING_INT <= value < -MISSING_INT
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float32(np.array(value, np.int64 if whole else np.float64).astype(np.float32))
    return np.float32(0) if abs(rounded) < np.finfo(np.float32).tiny else rounded


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """A feature: its name, columns and parameters.

    Each subclass is a kind; `transforms.features.registry` lists them. Its fields are the kind's
    parameters, and a configuration's values are checked against the fields' types.

    Attributes:
        name: The output feature's name.
        columns: The columns that it reads.
        indicator: Whether there is an int64 output `<name>_missing`, 1 where a cell is missing.
        missing: The replacement of missing cells, or the rule that finds it; "reject" rejects
            the row. Each kind says which it takes, and which by default.
    """

    # The kind's name in the configuration; the columns' types; the least and the greatest number of
    # columns; the rules that `missing` may name.
    kind: ClassVar[str]
    types: ClassVar[frozenset[ColumnType]] = frozenset(ColumnType)
    min_columns: ClassVar[int] = 1
    max_columns: ClassVar[int] = 1
    rules: ClassVar[tuple[str, ...]] = ("reject",)
    is_label: ClassVar[bool] = False
    # Parameters of its base class that it doesn't take, since its tokens must be counted.
    refused: ClassVar[tuple[str, ...]] = ()
    # Whether its part of the graph fails for some rows, which are then rejected.
    checks_rows: ClassVar[bool] = False
    # Whether it computes rows of the train split otherwise, by their `FOLD`.
    uses_folds: ClassVar[bool] = False
    # Whether its columns share one tensor where they are of one type, since they are many.
    is_stacked: ClassVar[bool] = False

    name: str
    columns: tuple[str, ...]
    indicator: bool = False
    missing: float | str | None = None

    @classmethod
    def named_columns(cls, feature: str, table: Mapping[str, object]) -> tuple[str, ...] | None:  # noqa: ARG003 (for most kinds none)
        """The columns that the kind's own parameters name.

        None means that `column` or `columns` names them.

        Args:
            feature: The feature's name.
            table: Parameters by their names in the configuration, not yet checked.

        Raises:
            ConfigError: A parameter can't be parsed.
        """
        return None

    def types_of(self, column: str) -> frozenset[ColumnType]:  # noqa: ARG002 (for most kinds all are alike)
        """The types that a column or companion may have."""
        return self.types

    @property
    def companions(self) -> tuple[str, ...]:
        """The columns that only the analysis reads."""
        return ()

    def required_columns(self, schema: Schema) -> tuple[str, ...]:  # noqa: ARG002 (for most kinds the rule says it all)
        """The columns in which a missing cell rejects the row.

        Args:
            schema: The raw columns, or raw and derived ones. For a derived integer its own value
                counts, not the cells that it is derived from.
        """
        return self.columns if self.missing == "reject" else ()

    def refusals(self) -> Mapping[str, Refusal]:
        """Numbers that reject a row, by their raw columns."""
        return {}

    def list_shapes(self) -> Mapping[str, ListShape]:
        """The shapes of cells, by columns of text.

        A cell of another shape rejects its row.
        """
        return {}

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters against each other and the schema.

        Raises:
            ConfigError: They don't fit; the message names the feature and the parameter.
        """
        for column in (schema[name] for name in self.columns):
            types = self.types_of(column.name)
            if column.type not in types:
                wanted = " or ".join(sorted(each.name for each in types))
                raise self.error(
                    f"expected a column of type {wanted} for `{self.kind}`, received column {column.name!r}, "
                    f"which is {column.type.name}{column.advice}"
                )

    def learned(self, statistics: Statistics) -> Mapping[str, Learned]:  # noqa: ARG002 (most kinds learn none)
        """The numbers that the kind takes from the statistics.

        They are those of its graph, for people to look at; a vocabulary isn't among them.

        Args:
            statistics: The results of the analysis.

        Returns:
            The numbers, or lists of them, by their names in words.
        """
        return {}

    def requests(self, schema: Schema) -> tuple[Request, ...]:  # noqa: ARG002 (most kinds ask for nothing)
        """The statistics that the kind needs from the analysis."""
        return ()

    def outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        """The specs of the output features.

        Raises:
            DataError: The data can't be transformed with these parameters.
        """
        main = self._outputs(schema, statistics)
        return (*main, FeatureSpec(f"{self.name}_missing", "int64", (), 0, 1)) if self.indicator else main

    def build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        """The tensors of the output features, each [batch, *shape].

        An output of varying length is a RaggedTensor [batch, None]. A sparse one, whose specs are
        those of `sparse_specs`, is a SparseTensor [batch, size], its indices in order.
        """
        built = self._build_tensors(trace)
        if self.indicator:
            flag = self._missing(trace)
            built[f"{self.name}_missing"] = trace.tf.raw_ops.Cast(x=flag, DstT=trace.tf.int64)
        return built

    def error(self, problem: str) -> ConfigError:
        """A configuration error that names the feature."""
        error = ConfigError(f"[features] {self.name}: {problem}")
        error.key = ("features", self.name)
        return error

    def _missing(self, trace: Trace) -> Tensor:
        flag = trace.missing(self.columns[0])
        for column in self.columns[1:]:
            flag = trace.tf.raw_ops.LogicalOr(x=flag, y=trace.missing(column))
        return flag

    @abstractmethod
    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]: ...

    @abstractmethod
    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]: ...


def column_of(kind: Kind, schema: Schema) -> Column:
    """The column of a kind that has exactly one."""
    return schema[kind.columns[0]]
