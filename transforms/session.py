"""Runs the transform graph, the SavedModel that serving loads, on Arrow record batches.

Nothing is copied on the way in (see `transforms.tensorflow_c` for the rules of memory): numeric columns are fed as pointers to Arrow's
buffers, strings as views of them. A missing value is fed as NaN (float32), -2**63 (int64) or the empty string.
"""

import json
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ShardmillError
from transforms.examples import Feature
from transforms.tensorflow_c import CSession, Feed
from transforms.tensorflow_library import library_path, use_python

__all__ = ["Session", "library_path", "load"]

# Tensor names, beside the model: saved_model.pb can't be read without TensorFlow's messages.
NAMES_FILE = "assets.extra/shardmill.json"
MISSING_INT = -(2**63)

# For each dtype of an input the Arrow types that are fed as they are, and the missing value.
_INPUTS: dict[str, tuple[tuple[pa.DataType, ...], float | int | str]] = {
    "float32": ((pa.float32(),), float("nan")),
    "int64": ((pa.int64(),), MISSING_INT),
    "bytes": ((pa.string(), pa.binary(), pa.large_string(), pa.large_binary()), ""),
}


@dataclass(frozen=True)
class Names:
    """A signature's tensors.

    Attributes:
        inputs: For each raw column its tensor and dtype (float32, int64 or bytes).
        features: The outputs, in the model's order.
        tensors: For each feature its tensors: one, or for bytes two (the joined bytes, a scalar; int32 lengths).
    """

    inputs: Mapping[str, tuple[str, str]]
    features: tuple[Feature, ...]
    tensors: tuple[tuple[str, ...], ...]


class Runner(Protocol):
    """What runs a graph: feeds by tensor name in, fetched values out."""

    def __call__(self, arrays: Sequence[pa.Array]) -> Sequence[npt.NDArray[Any] | bytes]:
        """Runs once; nulls have been filled, types are the inputs'."""


class Session:
    """A loaded graph, at one signature. May be used by several threads at once."""

    def __init__(self, names: Names, runner: Runner) -> None:
        """Stores the parts; `load` makes sessions.

        Args:
            names: The signature's tensors.
            runner: Runs the graph: arrays in the order of `names.inputs`; values in that of all tensors.
        """
        self._names = names
        self._runner = runner

    @property
    def inputs(self) -> tuple[str, ...]:
        """The raw columns that the graph reads."""
        return tuple(self._names.inputs)

    @property
    def outputs(self) -> tuple[Feature, ...]:
        """What `run` returns: names, dtypes and shapes of one row."""
        return self._names.features

    def run(self, batch: pa.RecordBatch) -> dict[str, npt.NDArray[Any] | pa.Array]:
        """Transforms a block of rows.

        Args:
            batch: At least the columns of `inputs`; nulls are missing values.

        Returns:
            For each feature float32 or int64 [rows, *shape]; for bytes a binary array of rows * prod(shape) values, row-major.

        Raises:
            ShardmillError: The batch lacks a column or has it in another type; or the graph fails, with TensorFlow's message.
        """
        arrays = [_dense(batch, name, dtype) for name, (_, dtype) in self._names.inputs.items()]
        values = iter(self._runner(arrays))
        outputs: dict[str, npt.NDArray[Any] | pa.Array] = {}
        for feature in self._names.features:
            value = next(values)
            outputs[feature.name] = _binary(value, next(values)) if feature.dtype == "bytes" else value
        return outputs


def _dense(batch: pa.RecordBatch, name: str, dtype: str) -> pa.Array:
    wanted, missing = _INPUTS[dtype]
    index = batch.schema.get_field_index(name)
    if index < 0:
        raise ShardmillError(
            f"the transform graph reads column {name!r}, which the rows lack; they have {batch.schema.names}"
        )
    array = batch.column(index)
    if array.type not in wanted:
        raise ShardmillError(f"the transform graph reads column {name!r} as {dtype}; the rows have it as {array.type}")
    if not array.null_count:
        return array
    return pc.fill_null(array, pa.scalar(missing, array.type))


def _binary(joined: npt.NDArray[Any] | bytes, lengths: npt.NDArray[Any] | bytes) -> pa.Array:
    """Joined bytes and lengths as one binary array; large_binary from 2 GiB."""
    assert isinstance(joined, bytes)
    assert isinstance(lengths, np.ndarray)
    large = len(joined) > np.iinfo(np.int32).max
    offsets = np.zeros(lengths.size + 1, np.int64 if large else np.int32)
    np.cumsum(lengths.reshape(-1), out=offsets[1:])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(joined)]
    return pa.Array.from_buffers(pa.large_binary() if large else pa.binary(), lengths.size, buffers)


_sessions: dict[tuple[str, str, bool, int], Session] = {}
_lock = threading.Lock()


def load(model_dir: str, signature: str = "transform") -> Session:
    """Opens a SavedModel; once per process, whatever the number of callers and threads.

    Args:
        model_dir: The folder of the SavedModel, with `assets.extra/shardmill.json` in it.
        signature: A signature named there.

    Raises:
        ShardmillError: There is no model, no such signature, or TensorFlow can't load it (with its message).
    """
    names = _names(model_dir, signature)
    python = use_python()
    key = (os.path.realpath(model_dir), signature, python, Path(model_dir, NAMES_FILE).stat().st_mtime_ns)
    with _lock:
        if key not in _sessions:
            _sessions[key] = Session(names, _python_runner(model_dir, names) if python else _c_runner(model_dir, names))
        return _sessions[key]


def _names(model_dir: str, signature: str) -> Names:
    path = Path(model_dir, NAMES_FILE)
    try:
        signatures = json.loads(path.read_text(encoding="utf-8"))["signatures"]
    except FileNotFoundError as error:
        what = f"it has no {NAMES_FILE}" if Path(model_dir).is_dir() else "there is no such folder"
        raise ShardmillError(
            f"no transform graph in {model_dir!r}: {what}. Give the transform_fn folder of a finished run."
        ) from error
    if signature not in signatures:
        raise ShardmillError(
            f"the transform graph in {model_dir!r} has no signature {signature!r}; it has {sorted(signatures)}"
        )
    found = signatures[signature]
    features = tuple(Feature(name, spec[1], tuple(spec[2])) for name, spec in found["outputs"].items())
    # For bytes the lengths' tensor comes fourth.
    tensors = tuple((spec[0], spec[3]) if spec[1] == "bytes" else (spec[0],) for spec in found["outputs"].values())
    return Names({name: (spec[0], spec[1]) for name, spec in found["inputs"].items()}, features, tensors)


def _c_runner(model_dir: str, names: Names) -> Runner:
    session = CSession.load(model_dir)
    inputs = session.outputs([tensor for tensor, _ in names.inputs.values()])
    outputs = session.outputs([tensor for tensors in names.tensors for tensor in tensors])
    return lambda arrays: session.run(inputs, [Feed.of(array) for array in arrays], outputs)


def _python_runner(model_dir: str, names: Names) -> Runner:
    from transforms.python_session import PythonRunner

    return PythonRunner(
        model_dir,
        [tensor for tensor, _ in names.inputs.values()],
        [tensor for tensors in names.tensors for tensor in tensors],
    )
