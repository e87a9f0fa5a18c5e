"""Runs the transform graph on Arrow record batches.

The graph is the SavedModel that serving loads.

Inputs aren't copied (see `transforms.runtime.c_api` for the rules of memory): numeric columns are
fed as pointers to Arrow's buffers, strings as views of them. A missing value is fed as NaN
(float32), -2**63 (int64) or the empty string. Strings come out joined, with their lengths, and a
feature of varying length as all rows' values, with the rows' lengths, so no value takes Python code
of its own.
"""

import math
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, offsets_of
from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import NAMES_FILE
from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.runtime.c_api import CSession, Feed
from shardmill.transforms.runtime.c_library import library_path, use_python
from shardmill.transforms.runtime.graph_names import read_names

__all__ = ["Session", "library_path", "load_session"]

# By an input's dtype: the Arrow types that are fed without conversion, and the missing value.
_INPUTS: dict[str, tuple[tuple[pa.DataType, ...], float | int | str]] = {
    "float32": ((pa.float32(),), float("nan")),
    "int64": ((pa.int64(),), MISSING_INT),
    "bytes": ((pa.string(), pa.binary(), pa.large_string(), pa.large_binary()), ""),
}


@dataclass(frozen=True)
class Names:
    """The tensors of one signature.

    Attributes:
        inputs: By raw column, its tensor and dtype (float32, int64 or bytes).
        features: The outputs, in the model's order.
        values: The tensor of each feature.
        row_lengths: For each feature, the tensor of its rows' lengths (int64). None means that they
            don't vary.
        labels: By label, the raw columns that no other output needs.
    """

    inputs: Mapping[str, tuple[str, str]]
    features: tuple[FeatureSpec, ...]
    values: tuple[str, ...]
    row_lengths: tuple[str | None, ...]
    labels: Mapping[str, tuple[str, ...]]


class Runner(Protocol):
    """Runs a graph: arrays to feed in, fetched values out."""

    def __call__(self, arrays: Sequence[pa.Array]) -> Sequence[npt.NDArray[Any] | bytes]:
        """Runs the graph once.

        Arrays have the inputs' types, and their nulls have been filled.

        Returns:
            For each feature its values (for bytes the joined bytes and their int32 lengths), and
            then its rows' lengths if they vary.
        """


class Session:
    """A loaded graph with one of its signatures.

    It may be used by several threads at once.
    """

    def __init__(self, names: Names, runner: Runner) -> None:
        """Takes the parts; `load` makes sessions.

        Args:
            names: The signature's tensors.
            runner: Runs the graph. It takes arrays in the order of `names.inputs` and returns
                values in the order of the features.
        """
        self._names = names
        self._runner = runner

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw columns that the graph reads."""
        return tuple(self._names.inputs)

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

    def run(self, batch: pa.RecordBatch) -> dict[str, npt.NDArray[Any] | pa.Array]:
        """Transforms a block of rows.

        Args:
            batch: The columns of `inputs`, and perhaps others; nulls are missing values.

        Returns:
            For each feature float32 or int64 [rows, *shape]; for bytes a binary array of rows *
            prod(shape) values, row-major; for a feature of varying length a large_list array of any
            of these, one list for each row.

        Raises:
            ShardmillError: The batch lacks a column or has it in another type; or the graph fails,
                and the message has TensorFlow's.
        """
        arrays = [_dense(batch, name, dtype) for name, (_, dtype) in self._names.inputs.items()]
        fetched = iter(self._runner(arrays))
        outputs = {
            feature.name: _values(fetched, feature, ragged=lengths is not None)
            for feature, lengths in zip(self._names.features, self._names.row_lengths, strict=True)
        }
        for feature in self._names.features:
            _check_rows(feature, outputs[feature.name], batch.num_rows)
        return outputs


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


def _dense(batch: pa.RecordBatch, name: str, dtype: str) -> pa.Array:
    wanted, missing = _INPUTS[dtype]
    index = batch.schema.get_field_index(name)
    if index < 0:
        raise ShardmillError(
            f"the transform graph: expected column {name!r}, received rows with the columns {batch.schema.names}"
        )
    array = batch.column(index)
    if array.type not in wanted:
        raise ShardmillError(f"the transform graph: expected column {name!r} as {dtype}, received {array.type}")
    if not array.null_count:
        return array
    return pc.fill_null(array, pa.scalar(missing, array.type))


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
    return Names(
        inputs={name: (tensor, dtype) for name, (tensor, dtype) in found["inputs"].items()},
        features=tuple(
            FeatureSpec(name, dtype, None if shape is None else tuple(shape))
            for name, (_, dtype, shape, _) in outputs.items()
        ),
        values=tuple(tensor for tensor, _, _, _ in outputs.values()),
        row_lengths=tuple(lengths for _, _, _, lengths in outputs.values()),
        labels={name: tuple(columns) for name, columns in content["labels"].items()},
    )


def _c_runner(model_dir: str, names: Names) -> Runner:
    session = CSession.load(model_dir)
    inputs = session.outputs([tensor for tensor, _ in names.inputs.values()])
    outputs = session.outputs(_fetches(names, session.add_join))
    return lambda arrays: session.run(inputs, [Feed.of(array) for array in arrays], outputs)


def _python_runner(model_dir: str, names: Names) -> Runner:
    from shardmill.transforms.runtime.python_api import PythonRunner

    return PythonRunner(
        model_dir, [tensor for tensor, _ in names.inputs.values()], lambda add_join: _fetches(names, add_join)
    )


def _fetches(names: Names, add_join: Callable[[str], tuple[str, str]]) -> list[str]:
    """The tensors to fetch, in the order of `Runner`'s values."""
    tensors: list[str] = []
    for feature, values, row_lengths in zip(names.features, names.values, names.row_lengths, strict=True):
        tensors += add_join(values) if feature.dtype == "bytes" else (values,)
        tensors += (row_lengths,) if row_lengths is not None else ()
    return tensors
