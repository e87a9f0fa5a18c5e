"""Packs equal features, which are then computed together.

An operation costs some 5 microseconds whatever its size, and its tracing 100. So the operations of
a feature are recorded rather than built, and features whose records differ in nothing but numbers
(means, deviations, boundaries) are built as one: the operations of one feature, on a matrix of all
features' columns.

Only operations that compute each element by itself are recorded, so a packed feature has the bits
that it has alone. Features with other operations, such as look-ups in a table of their own, aren't
packed.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kinds.base import Kind, TableKey, Tensor, Trace, float32
from shardmill.transforms.statistics.requests import Statistics

Finite = Callable[[Any, Mapping[str, Tensor]], Mapping[str, Tensor]]

# Features of one pack: so many that an operation's fixed cost is little for each of them; so few
# that the matrix stays in the CPU's cache.
_WIDTH = 64
# Operations that compute each element of their output from the same element of their inputs.
_ELEMENTWISE = frozenset(
    {
        *("Abs", "AddV2", "AsString", "Cast", "Equal", "IsInf", "IsNan", "Less", "Log", "Log1p", "LogicalOr"),
        *("Mul", "Pow", "RealDiv", "SelectV2", "Sigmoid", "Sqrt", "StringJoin"),
        *("StringToHashBucketFast", "StringToHashBucketStrong", "Sub"),
    }
)


class _UnpackableError(Exception):
    """A feature has operations that can't be packed."""


@dataclass(frozen=True)
class _Symbol:
    """A recorded tensor: a column, or a step's result.

    Attributes:
        index: Its position among all columns and steps.
    """

    index: int
    known_dtype: Any = None

    @property
    def dtype(self) -> Any:
        if self.known_dtype is None:
            raise _UnpackableError
        return self.known_dtype


@dataclass(frozen=True)
class _Numbers:
    """Numbers in which equal features may differ.

    Attributes:
        start: The position of the first one among all numbers of the record.
        size: How many they are.
    """

    start: int
    size: int


@dataclass(frozen=True)
class _Step:
    """One operation, or one method of `Trace`."""

    name: str
    arguments: Mapping[str, Any]


@dataclass
class _Record(Trace):
    """Records the operations by which a feature is built.

    Attributes:
        steps: The operations, in order.
        numbers: The feature's own numbers.
    """

    steps: list[_Step] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)

    def constant(self, value: float) -> Any:
        """See `Trace.constant`."""
        return self._numbers(np.array([float32(value)], np.float32))

    def hide(self, constant: Tensor) -> Any:
        """See `Trace.hide`."""
        return self.add("hide", constant=constant)

    def pad(self, values: Tensor) -> Any:
        """See `Trace.pad`."""
        return self.add("pad", values=values)

    def cut(self, padded: Tensor, values: Tensor) -> Any:
        """See `Trace.cut`."""
        return self.add("cut", padded=padded, values=values)

    def buckets(self, values: Tensor, boundaries: npt.NDArray[np.float32]) -> Any:
        """See `Trace.buckets`."""
        return self.add("buckets", values=values, boundaries=self._numbers(boundaries))

    def add(self, name: str, **arguments: Any) -> _Symbol:
        """Adds a step."""
        self.steps.append(_Step(name, arguments))
        # A selection has the dtype of what it selects from.
        dtype = getattr(arguments.get("e"), "known_dtype", None)
        return _Symbol(len(self.inputs) + len(self.steps) - 1, dtype)

    def _numbers(self, values: npt.NDArray[np.float32]) -> _Numbers:
        self.numbers += values.tolist()
        return _Numbers(len(self.numbers) - values.size, values.size)


class _Module:
    """TensorFlow, and its `raw_ops`, of a record."""

    def __init__(self, tf: ModuleType) -> None:
        self.float32, self.int64, self.string = tf.float32, tf.int64, tf.string
        self.record: _Record | None = None

    @property
    def raw_ops(self) -> "_Module":
        return self

    def __getattr__(self, name: str) -> Callable[..., _Symbol]:
        if name not in _ELEMENTWISE or self.record is None:
            raise _UnpackableError
        return partial(self.record.add, name)


@dataclass(frozen=True)
class Pack:
    """Equal features.

    Attributes:
        kinds: The features.
        columns: For each column of a feature, that of every feature.
        outputs: For each output of a feature, the name of every feature's.
        numbers: float32 [features, n], each feature's own numbers.
        program: A number; packs that have the same one have the same operations.
    """

    kinds: tuple[Kind, ...]
    columns: tuple[tuple[str, ...], ...]
    outputs: tuple[tuple[str, ...], ...]
    numbers: npt.NDArray[np.float32]
    program: int
    _steps: tuple[_Step, ...]
    _results: tuple[int, ...]

    def build(self, trace: Trace, columns: Sequence[Tensor], numbers: Tensor) -> list[Tensor]:
        """Builds the outputs of all its features, or of some.

        Args:
            trace: The graph; its inputs aren't used.
            columns: For each of `columns` a tensor of shape [features, batch].
            numbers: The features' rows of `numbers`.

        Returns:
            For each of `outputs` a tensor of shape [features, batch].
        """
        raw = trace.tf.raw_ops
        tensors = list(columns)

        def resolved(value: Any) -> Any:
            if isinstance(value, _Symbol):
                return tensors[value.index]
            if isinstance(value, _Numbers):
                return raw.Slice(input=numbers, begin=[0, value.start], size=[-1, value.size])
            return [resolved(each) for each in value] if isinstance(value, list | tuple) else value

        methods: dict[str, Callable[..., Tensor]] = {
            "hide": trace.hide,
            "pad": trace.pad,
            "cut": trace.cut,
            "buckets": partial(_buckets, trace),
        }
        for step in self._steps:
            build = methods.get(step.name) or getattr(raw, step.name)
            tensors.append(build(**{name: resolved(value) for name, value in step.arguments.items()}))
        return [tensors[index] for index in self._results]


def packs(
    tf: ModuleType, kinds: Iterable[Kind], dtypes: Mapping[str, Any], statistics: Statistics, finite: Finite
) -> list[Pack]:
    """Finds equal features.

    Args:
        tf: The TensorFlow module.
        kinds: The features. Those that are in none of the packs are to be built one by one.
        dtypes: The dtypes of the columns whose features may be packed.
        statistics: The results of the analysis.
        finite: Replaces infinite numbers where they count as missing: it takes `tf.raw_ops` and
            columns, and returns columns.

    Returns:
        Packs of at least two features each.
    """
    groups: dict[object, list[_Recorded]] = {}
    for kind in kinds:
        if all(column in dtypes for column in kind.columns):
            with contextlib.suppress(_UnpackableError):
                recorded = _record(tf, kind, dtypes, statistics, finite)
                groups.setdefault(recorded.key, []).append(recorded)
    return [
        _pack(group[start : start + _WIDTH], program)
        for program, group in enumerate(groups.values())
        for start in range(0, len(group), _WIDTH)
        if len(group) > start + 1
    ]


@dataclass(frozen=True)
class _Recorded:
    """A feature and its record.

    Attributes:
        results: The tensors of its outputs, by name.
    """

    kind: Kind
    record: _Record
    results: Mapping[str, _Symbol]

    @property
    def key(self) -> object:
        """A dictionary's key, equal for equal features."""
        return _key([self.record.steps, list(self.results.values())])


def _record(tf: ModuleType, kind: Kind, dtypes: Mapping[str, Any], statistics: Statistics, finite: Finite) -> _Recorded:
    module: Any = _Module(tf)
    columns = {column: _Symbol(index, dtypes[column]) for index, column in enumerate(kind.columns)}
    module.record = record = _Record(module, columns, statistics, _refuse)
    record.inputs = finite(module, columns)
    return _Recorded(kind, record, kind.build_tensors(record))


def _refuse(_key: TableKey) -> NoReturn:
    raise _UnpackableError


def _pack(group: Sequence[_Recorded], program: int) -> Pack:
    return Pack(
        tuple(each.kind for each in group),
        tuple(zip(*(each.kind.columns for each in group), strict=True)),
        tuple(zip(*(each.results for each in group), strict=True)),
        np.array([each.record.numbers for each in group], np.float32),
        program,
        tuple(group[0].record.steps),
        tuple(symbol.index for symbol in group[0].results.values()),
    )


def _key(value: Any) -> object:
    """A dictionary's key that is equal for equal records.

    NaN equals itself, and 0.0 isn't -0.0.
    """
    if isinstance(value, _Step):
        return value.name, tuple((name, _key(each)) for name, each in value.arguments.items())
    if isinstance(value, list | tuple):
        return tuple(map(_key, value))
    if isinstance(value, np.generic | np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    return type(value), repr(value) if isinstance(value, float) else value


def _buckets(trace: Trace, values: Tensor, boundaries: Tensor) -> Tensor:
    """`Trace.buckets`, with boundaries of each row's own."""
    return trace.tf.raw_ops.UpperBound(sorted_inputs=boundaries, values=values, out_type=trace.tf.int64)
