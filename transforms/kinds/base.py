"""What a feature kind is: a small frozen dataclass that knows its columns, what it asks of the analysis, and its graph."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, ClassVar, Literal

import numpy as np

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import MISSING_INT, Column, ColumnType, Schema
from shardmill.transforms.statistics.requests import NumericRequest, Statistics, VocabularyRequest

Request = NumericRequest | VocabularyRequest
Dtype = Literal["float32", "int64", "bytes"]
# A tensor of the TensorFlow module that kinds are given: they don't import it.
Tensor = Any

NUMBERS = frozenset({ColumnType.INT, ColumnType.FLOAT})
TOKENS = frozenset({ColumnType.INT, ColumnType.BYTES})


@dataclass(frozen=True)
class OutputSpec:
    """One output feature.

    Attributes:
        name: Its name in the Examples.
        dtype: Its type there.
        shape: Without the batch's dimension; () is a scalar, None a list whose length varies by row.
        minimum: The least value; None where it isn't known.
        maximum: The greatest.
        is_categorical: Whether the number is the id of a category.
    """

    name: str
    dtype: Dtype
    shape: tuple[int, ...] | None = ()
    minimum: int | None = None
    maximum: int | None = None
    is_categorical: bool = False


@dataclass(frozen=True)
class TableKey:
    """A lookup table from tokens to ids; features that agree in it share one.

    Attributes:
        vocabulary: The vocabulary's name.
        num_oov_buckets: How many ids after the vocabulary's are given to other tokens, by hash.
        default_value: The id of other tokens where there are no OOV buckets.
    """

    vocabulary: str
    num_oov_buckets: int = 0
    default_value: int = -1


@dataclass
class Trace:
    """What kinds build their tensors with, in one graph; what several features need of a column is built once.

    Attributes:
        tf: The TensorFlow module.
        inputs: Dense raw columns, each of shape [batch]: float32 (missing: NaN), int64 (-2**63) or string (empty).
        statistics: What the analysis found.
        table: The lookup table of a key: an object with `lookup(tokens)`.
    """

    tf: ModuleType
    inputs: Mapping[str, Tensor]
    statistics: Statistics
    table: Callable[[TableKey], Any]
    _built: dict[tuple[str, str], Tensor] = field(default_factory=dict)

    def missing(self, column: str) -> Tensor:
        """bool[batch]: where the column's cell is missing."""
        return self._once("missing", column, self._missing)

    def number(self, column: str) -> Tensor:
        """float32[batch]: a numeric column's values; NaN where missing."""
        return self._once("number", column, self._number)

    def text(self, column: str) -> Tensor:
        """string[batch]: a token column's values, of INT their decimal text; empty where missing."""
        return self._once("text", column, self._text)

    def hidden(self, value: float) -> Tensor:
        """A float32 constant that TensorFlow's optimizer doesn't see through.

        It would turn a division by a constant into a multiplication by its reciprocal, whose last bit differs: in some runtimes
        and not in others.
        """
        return self.tf.raw_ops.PlaceholderWithDefault(input=self.constant(value), shape=[])

    def constant(self, value: float) -> Tensor:
        """A float32 scalar; equal ones are one operation."""
        number = float32(value)
        key = ("constant", repr(number))
        if key not in self._built:
            self._built[key] = self.tf.constant(number)
        return self._built[key]

    def steady(self, operation: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
        """Applies an elementwise float32 operation such that a row's bits don't depend on its place in the batch.

        TensorFlow's kernels compute the last few elements of a tensor, which don't fill a SIMD register, with another
        implementation of `log` or `exp`. So these are made to be padding: 16 elements, as many as the widest register holds.
        """
        raw = self.tf.raw_ops
        padded = raw.ConcatV2(values=[values, np.ones(16, np.float32)], axis=0)
        return raw.Slice(input=operation(padded), begin=[0], size=raw.Shape(input=values))

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

    def _text(self, values: Tensor) -> Tensor:
        if values.dtype == self.tf.string:
            return values
        raw = self.tf.raw_ops
        return raw.SelectV2(condition=self._missing(values), t=b"", e=raw.AsString(input=values))


def float32(value: float) -> np.float32:
    """A number as a graph computes with it: subnormal ones are 0, as TensorFlow's kernels take them.

    Args:
        value: A float; or an int of an int64 column, which is rounded once, as TensorFlow casts it, not by way of float64.
    """
    whole = isinstance(value, int) and MISSING_INT <= value < -MISSING_INT
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float32(np.array(value, np.int64 if whole else np.float64).astype(np.float32))
    return np.float32(0) if abs(rounded) < np.finfo(np.float32).tiny else rounded


@dataclass(frozen=True, kw_only=True)
class Kind(ABC):
    """A feature: its name, its columns and its parameters, which are the fields of a subclass.

    A subclass is a kind; `transforms.kinds.registry` lists them. Its fields' types say what a configuration may give them.

    Attributes:
        name: The output feature's name.
        columns: The raw columns that it reads.
        indicator: Whether an int64 output `<name>_missing` says where a cell was missing.
    """

    # The name in the configuration; the columns' types; the least and the most columns; the rules that `missing` may name.
    kind: ClassVar[str]
    types: ClassVar[frozenset[ColumnType]] = frozenset(ColumnType)
    min_columns: ClassVar[int] = 1
    max_columns: ClassVar[int] = 1
    rules: ClassVar[tuple[str, ...]] = ("reject",)
    is_label: ClassVar[bool] = False

    name: str
    columns: tuple[str, ...]
    indicator: bool = False

    def required_columns(self, schema: Schema) -> tuple[str, ...]:  # noqa: ARG002 (for most kinds the rule says it all)
        """The columns of which a missing cell rejects the row.

        Args:
            schema: The raw columns, or with the derived ones: of a derived integer its own value counts, not those it is made of.
        """
        return self.columns if getattr(self, "missing", None) == "reject" else ()

    def check(self, schema: Schema) -> None:
        """Checks the parameters against each other and the schema.

        Raises:
            ConfigError: They don't fit; the message names the feature and the parameter.
        """
        for column in (schema[name] for name in self.columns):
            if column.type not in self.types:
                wanted = " or ".join(sorted(each.name for each in self.types))
                raise self.error(
                    f"`{self.kind}` needs a column of type {wanted}, but column {column.name!r} is {column.type.name}{column.advice}"
                )

    def requests(self, schema: Schema) -> tuple[Request, ...]:  # noqa: ARG002 (most kinds ask for nothing)
        """What the analysis must find out."""
        return ()

    def outputs(self, schema: Schema, statistics: Statistics) -> tuple[OutputSpec, ...]:
        """The output features.

        Raises:
            DataError: The data can't be used as the parameters say.
        """
        main = self._outputs(schema, statistics)
        return (*main, OutputSpec(f"{self.name}_missing", "int64", (), 0, 1)) if self.indicator else main

    def build(self, trace: Trace) -> dict[str, Tensor]:
        """The tensors of the output features, each [batch, *shape]."""
        built = self._build(trace)
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
    def _outputs(self, schema: Schema, statistics: Statistics) -> tuple[OutputSpec, ...]: ...

    @abstractmethod
    def _build(self, trace: Trace) -> dict[str, Tensor]: ...


def column_of(kind: Kind, schema: Schema) -> Column:
    """The only column of a kind that has one."""
    return schema[kind.columns[0]]
