"""Runs the transform graph on Arrow record batches.

The graph is the SavedModel that serving loads.

Columns that the graph computes together share an input and an output, whose rows they are (see
`transforms.runtime.feeds`). Strings come out joined, with their lengths, and a feature of varying
length as all rows' values, with the rows' lengths, so no value takes Python code of its own.
"""

import contextlib
import math
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_of, offsets_of
from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import NAMES_FILE
from shardmill.schemas.schema import FOLD
from shardmill.transforms.runtime.c_api import CSession
from shardmill.transforms.runtime.c_library import library, library_path, use_python
from shardmill.transforms.runtime.feeds import Feeds
from shardmill.transforms.runtime.graph_names import read_names

__all__ = ["Session", "library_path", "load_ahead", "load_session"]

# The Arrow types of an input's columns, by its dtype.
_INPUTS: dict[str, tuple[pa.DataType, ...]] = {
    "float32": (pa.float32(),),
    "int64": (pa.int64(),),
    "bytes": (pa.string(), pa.binary(), pa.large_string(), pa.large_binary()),
}


@dataclass(frozen=True)
class Names:
    """The tensors of one signature.

    Attributes:
        inputs: By raw column, its tensor and dtype (float32, int64 or bytes). Columns that share a
            tensor are its rows, in order.
        features: The outputs, in the model's order.
        values: The tensor of each feature. Features that share a tensor are its rows, in order.
        row_lengths: For each feature, the tensor of its rows' lengths (int64). None means that they
            don't vary.
        labels: By label, the raw columns that no other output needs.
        folded: The features that depend on `FOLD`.
    """

    inputs: Mapping[str, tuple[str, str]]
    features: tuple[FeatureSpec, ...]
    values: tuple[str, ...]
    row_lengths: tuple[str | None, ...]
    labels: Mapping[str, tuple[str, ...]]
    folded: frozenset[str] = frozenset()

    @cached_property
    def stacks(self) -> dict[str, list[str]]:
        """The columns of each input."""
        return _by_tensor((column, tensor) for column, (tensor, _) in self.inputs.items())

    @cached_property
    def blocks(self) -> dict[str, list[FeatureSpec]]:
        """The features of each output."""
        return _by_tensor(zip(self.features, self.values, strict=True))

    @cached_property
    def lengths(self) -> dict[str, str | None]:
        """By output, the tensor of its rows' lengths."""
        return dict(zip(self.values, self.row_lengths, strict=True))


Named = TypeVar("Named")


def _by_tensor(tensors: Iterable[tuple[Named, str]]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for name, tensor in tensors:
        found.setdefault(tensor, []).append(name)
    return found


class Runner(Protocol):
    """Runs a graph: columns in, fetched values out."""

    def __call__(self, batch: pa.RecordBatch) -> Sequence[npt.NDArray[Any] | bytes]:
        """Runs the graph once.

        The batch has the columns of `Names.inputs`, in their types; nulls are missing values.

        Returns:
            For each of `Names.blocks` its values (for bytes the joined bytes and their int32
            lengths), and then its rows' lengths if they vary.
        """


class Session:
    """A loaded graph with one of its signatures.

    It may be used by several threads at once.
    """

    def __init__(self, names: Names, runner: Runner) -> None:
        """Takes the parts; `load` makes sessions.

        Args:
            names: The signature's tensors.
            runner: Runs the graph.
        """
        self._names = names
        self._runner = runner
        # A schema that has all columns, in the right types.
        self._checked: pa.Schema | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw columns that the graph reads."""
        return tuple(name for name in self._names.inputs if name != FOLD)

    @property
    def outputs(self) -> tuple[FeatureSpec, ...]:
        """The features that `run` returns."""
        return self._names.features

    @property
    def labels(self) -> Mapping[str, tuple[str, ...]]:
        """The labels, each with the columns that only it needs.

        These are raw columns that no other output needs.
        """
        return self._names.labels

    @property
    def folded(self) -> frozenset[str]:
        """The features that training rows have otherwise than served ones."""
        return self._names.folded

    def run(self, batch: pa.RecordBatch) -> dict[str, npt.NDArray[Any] | pa.Array]:
        """Transforms a block of rows.

        Args:
            batch: The columns of `inputs`, and perhaps others; nulls are missing values. Without
                `FOLD` rows are outside of training.

        Returns:
            For each feature float32 or int64 [rows, *shape]; for bytes a binary array of rows *
            prod(shape) values, row-major; for a feature of varying length a large_list array of any
            of these, one list for each row.

        Raises:
            ShardmillError: The batch lacks a column or has it in another type; or the graph fails,
                and the message has TensorFlow's.
        """
        if FOLD in self._names.inputs and FOLD not in batch.schema.names:
            batch = batch.append_column(FOLD, pa.array(np.full(batch.num_rows, -1, np.int64)))
        if self._checked is None or not self._checked.equals(batch.schema):
            _check_columns(batch.schema, self._names.inputs)
            self._checked = batch.schema
        fetched = iter(self._runner(batch))
        outputs: dict[str, npt.NDArray[Any] | pa.Array] = {}
        for tensor, features in self._names.blocks.items():
            values = _values(fetched, features[0], ragged=self._names.lengths[tensor] is not None)
            if len(features) == 1:
                _check_rows(features[0], values, batch.num_rows)
                outputs[features[0].name] = values
            else:
                _check_matrix(features, values, batch.num_rows)
                outputs |= zip((feature.name for feature in features), values, strict=True)
        return {feature.name: outputs[feature.name] for feature in self._names.features}


def _values(
    fetched: Iterator[npt.NDArray[Any] | bytes], feature: FeatureSpec, *, ragged: bool
) -> npt.NDArray[Any] | pa.Array:
    values = next(fetched)
    if feature.dtype == "bytes":
        values = _binary(values, next(fetched))
    if not ragged:
        return values
    bounds = offsets_of(np.asarray(next(fetched)))
    return pa.LargeListArray.from_arrays(pa.array(bounds), pa.array(values))


def _check_rows(feature: FeatureSpec, values: npt.NDArray[Any] | pa.Array, rows: int) -> None:
    flat = isinstance(values, pa.Array) and feature.shape is not None
    if len(values) != rows * (math.prod(feature.shape or ()) if flat else 1):
        raise ShardmillError(
            f"the transform graph failed: output {feature.name!r} of {rows} rows holds {len(values)} "
            f"{'values' if flat else 'rows'}; expected the batch as the first dimension"
        )


def _check_matrix(features: Sequence[FeatureSpec], values: npt.NDArray[Any], rows: int) -> None:
    if values.shape != (len(features), rows):
        raise ShardmillError(
            f"the transform graph failed: {len(features)} outputs from {features[0].name!r} on share a tensor; expected numbers of shape "
            f"({len(features)}, {rows}), received {values.shape}"
        )


def _check_columns(schema: pa.Schema, inputs: Mapping[str, tuple[str, str]]) -> None:
    types = dict(zip(schema.names, schema.types, strict=True))
    for name, (_, dtype) in inputs.items():
        if name not in types:
            raise ShardmillError(
                f"the transform graph: expected column {name!r}, received rows with the columns {schema.names}"
            )
        if types[name] not in _INPUTS[dtype]:
            raise ShardmillError(f"the transform graph: expected column {name!r} as {dtype}, received {types[name]}")


def _binary(joined: npt.NDArray[Any] | bytes, lengths: npt.NDArray[Any] | bytes) -> pa.Array:
    """Joins bytes and lengths into one binary array.

    It is large_binary from 2 GiB.
    """
    assert isinstance(joined, bytes)
    assert isinstance(lengths, np.ndarray)
    large = len(joined) > np.iinfo(np.int32).max
    offsets = np.zeros(lengths.size + 1, np.int64 if large else np.int32)
    np.cumsum(lengths.reshape(-1), out=offsets[1:])
    return binary_of(joined, offsets)


_sessions: dict[tuple[str, str, bool, int], Session] = {}
_lock = threading.Lock()


def load_session(model_dir: str, signature: str = "transform") -> Session:
    """Opens a SavedModel, once per process.

    Callers and threads share the session.

    Args:
        model_dir: The folder of the SavedModel, with `assets.extra/shardmill.json` in it.
        signature: A signature named there.

    Raises:
        ShardmillError: There is no model or no such signature, or TensorFlow can't load it; then
            the message has TensorFlow's.
    """
    python = use_python()
    key = (os.path.realpath(model_dir), signature, python, _modified(model_dir))
    with _lock:
        if key not in _sessions:
            names = _names(model_dir, signature)
            _sessions[key] = Session(names, _python_runner(model_dir, names) if python else _c_runner(model_dir, names))
        return _sessions[key]


def load_ahead(model_dir: str | None = None) -> None:
    """Begins to load a session in another thread.

    It is for a process that will soon call `load_session`, while this thread waits for something
    else.

    What fails isn't raised here: `load_session` tries again, and raises it.

    Args:
        model_dir: As for `load_session`. None means that there is no model yet: TensorFlow's
            library is loaded.
    """

    def load() -> None:
        with contextlib.suppress(ShardmillError):
            if model_dir is not None:
                load_session(model_dir)
            elif not use_python():
                library()

    threading.Thread(target=load, daemon=True, name="load-session").start()


def _modified(model_dir: str) -> int:
    """The time at which the names were written, in ns.

    It tells apart two models in the same folder; 0 means that there are no names.
    """
    try:
        return os.stat(os.path.join(model_dir, NAMES_FILE)).st_mtime_ns
    except OSError:
        return 0


def _names(model_dir: str, signature: str) -> Names:
    content = read_names(model_dir)
    signatures = content["signatures"]
    if signature not in signatures:
        raise ShardmillError(
            f"the transform graph in {model_dir!r} has no signature {signature!r}; it has {sorted(signatures)}"
        )
    found = signatures[signature]
    outputs = found["outputs"]
    names = Names(
        inputs={name: (tensor, dtype) for name, (tensor, dtype) in found["inputs"].items()},
        features=tuple(
            FeatureSpec(name, dtype, None if shape is None else tuple(shape))
            for name, (_, dtype, shape, _) in outputs.items()
        ),
        values=tuple(tensor for tensor, _, _, _ in outputs.values()),
        row_lengths=tuple(lengths for _, _, _, lengths in outputs.values()),
        labels={name: tuple(columns) for name, columns in content["labels"].items()},
        folded=frozenset(content.get("folded", ())),
    )
    for tensor, columns in names.stacks.items():
        if len({names.inputs[column][1] for column in columns}) > 1:
            raise _shared(model_dir, tensor, columns)
    for tensor, features in names.blocks.items():
        kinds = {(feature.dtype, feature.shape) for feature in features}
        if len(features) > 1 and kinds not in ({("float32", ())}, {("int64", ())}):
            raise _shared(model_dir, tensor, [feature.name for feature in features])
    return names


def _shared(model_dir: str, tensor: str, names: Sequence[str]) -> ShardmillError:
    return ShardmillError(
        f"the transform graph in {model_dir!r}: expected columns of one type, or numbers, to share a tensor, received {tensor!r} "
        f"for {', '.join(map(repr, names[:3]))}"
    )


def _c_runner(model_dir: str, names: Names) -> Runner:
    session = CSession.load(model_dir)
    inputs = session.outputs([*names.stacks])
    outputs = session.outputs(_fetches(names, session.add_join))
    feeds = Feeds([(names.inputs[columns[0]][1], columns) for columns in names.stacks.values()])
    return lambda batch: session.run(inputs, feeds(batch), outputs)


def _python_runner(model_dir: str, names: Names) -> Runner:
    from shardmill.transforms.runtime.python_api import PythonRunner

    return PythonRunner(model_dir, names.stacks, lambda add_join: _fetches(names, add_join))


def _fetches(names: Names, add_join: Callable[[str], tuple[str, str]]) -> list[str]:
    """The tensors to fetch, in the order of `Runner`'s values."""
    tensors: list[str] = []
    for tensor, features in names.blocks.items():
        tensors += add_join(tensor) if features[0].dtype == "bytes" else (tensor,)
        row_lengths = names.lengths[tensor]
        tensors += (row_lengths,) if row_lengths is not None else ()
    return tensors
