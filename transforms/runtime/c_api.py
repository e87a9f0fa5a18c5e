"""TensorFlow's C API through ctypes, on memory of ours.

Sessions run without TensorFlow's Python half.

Memory: a tensor made here doesn't own its data. `TF_NewTensor` is given the address of an array
    and a deallocator that does nothing; a string tensor is an array of 24-byte `TF_TString`
    *views*, which hold the address of each string. So the code that makes a tensor keeps the array
    of numbers, or the Arrow array and the array of views, alive until `TF_SessionRun` has returned
    and the tensor is deleted (`Feed.keep` does). An output may share memory with an input (a graph
    may pass a tensor through), so outputs are copied before the inputs are released.
"""

import ctypes
import math
import os
from collections.abc import Sequence
from ctypes import byref, c_char, c_char_p, c_int64, c_ubyte, c_uint64, c_void_p
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_edges
from shardmill.schemas.errors import ShardmillError
from shardmill.transforms.runtime.c_library import Deallocator, Output, Status, library, subnormals_as_zeros

# TF_DataType of tensors, and the NumPy dtype of their elements.
FLOAT, INT32, STRING, INT64 = 1, 3, 7, 9
_NUMPY: dict[int, np.dtype[Any]] = {FLOAT: np.dtype(np.float32), INT32: np.dtype(np.int32), INT64: np.dtype(np.int64)}

# A serialized ConfigProto: device_count {GPU: 0}; intra_op_parallelism_threads = 1;
# inter_op_parallelism_threads = -1, which runs every op in the caller's thread: callers bring the
# threads; graph_options {rewrite_options {disable_meta_optimizer: true}}, since optimizing a graph
# of 1,000 features takes 4 s and makes it no faster.
CONFIG = (
    b"\x0a\x07\x0a\x03GPU\x10\x00" + b"\x10\x01" + b"\x28" + b"\xff" * 9 + b"\x01" + b"\x52\x05\x52\x03\x98\x01\x01"
)

# The kinds of a TF_TString, in the low two bits of its first byte.
_SMALL, _LARGE, _OFFSET, _VIEW = 0, 1, 2, 3
_KIND = 3
# An address that may be read, for empty buffers.
_NOTHING = ctypes.create_string_buffer(64)


# A deallocator that frees nothing: the feed owns the memory.
_keep = Deallocator(lambda _data, _length, _argument: None)


@dataclass(frozen=True)
class Feed:
    """Arrow's text or an array's numbers as tensor memory.

    Attributes:
        dtype: TF_DataType.
        shape: The sizes of the tensor's dimensions.
        address: The address of the elements.
        size: Bytes of the elements.
        keep: The owners of the memory, that of the strings included; they must live until the
            tensor is deleted.
    """

    dtype: int
    shape: tuple[int, ...]
    address: int
    size: int
    keep: tuple[object, ...]

    @classmethod
    def numbers(cls, values: npt.NDArray[Any]) -> "Feed":
        """Wraps an array of float32 or int64."""
        dtype = FLOAT if values.dtype == np.float32 else INT64
        return cls(dtype, values.shape, values.ctypes.data, values.nbytes, (values,))

    @classmethod
    def text(cls, arrays: Sequence[pa.Array]) -> "Feed":
        """Wraps arrays of text, without nulls and of one length.

        They are of (large) string or binary. A single array is a vector, several are the rows of a
        matrix. No text is copied, but each string takes a view of 24 bytes.
        """
        rows = len(arrays[0])
        views = np.concatenate([string_views(array) for array in arrays])
        shape = (len(arrays), rows) if len(arrays) > 1 else (rows,)
        return cls(STRING, shape, views.ctypes.data, views.nbytes, (arrays, views))


def _address(buffer: pa.Buffer | None) -> int:
    return buffer.address if buffer is not None and buffer.address else ctypes.addressof(_NOTHING)


def string_views(array: pa.Array) -> npt.NDArray[np.uint64]:
    """Makes a `TF_TString` view of each string.

    A view is (size << 2) | 3, the address, and no owner.

    Views point into the array's buffers, so they are valid as long as the array lives.

    Args:
        array: (Large) string or binary without nulls; slices are fine.

    Returns:
        uint64 [rows, 3].
    """
    words = np.zeros((len(array), 3), dtype=np.uint64)
    edges = binary_edges(array).view(np.uint64)
    words[:, 0] = ((edges[1:] - edges[:-1]) << np.uint64(2)) | np.uint64(_VIEW)
    words[:, 1] = edges[:-1] + np.uint64(_address(array.buffers()[2]))
    return words


class CSession:
    """A TF_Session and its graph.

    Its methods may be called from several threads; the GIL is released while the graph runs.
    """

    def __init__(self, graph: int, session: int) -> None:
        """Takes ownership of a graph and its session.

        Args:
            graph: A TF_Graph.
            session: A TF_Session on it.
        """
        self._tf = library()
        self._graph = graph
        self._session = session

    @classmethod
    def load(cls, folder: str) -> "CSession":
        """Opens and initialises a SavedModel under the tag `serve`.

        Raises:
            ShardmillError: TensorFlow can't load it; the message has TensorFlow's.
        """
        tf = library()
        graph = tf.TF_NewGraph()
        tags = (c_char_p * 1)(b"serve")
        options = _options(tf)
        with Status(tf) as status:
            session = tf.TF_LoadSessionFromSavedModel(
                options, None, os.fsencode(folder), tags, 1, graph, None, status.pointer
            )
            tf.TF_DeleteSessionOptions(options)
            try:
                status.raise_error(f"can't load the transform graph in {folder!r}")
            except ShardmillError:
                tf.TF_DeleteGraph(graph)
                raise
        return cls(graph, session)

    @classmethod
    def of_hash(cls, num_buckets: int) -> "CSession":
        """Makes a graph that hashes strings to buckets.

        It is `strings:0` -> `StringToHashBucketFast` -> `buckets:0`.

        Args:
            num_buckets: At least 1.
        """
        tf = library()
        graph = tf.TF_NewGraph()
        strings = _operation(tf, graph, "Placeholder", "strings", dtype=STRING)
        _operation(tf, graph, "StringToHashBucketFast", "buckets", [Output(strings, 0)], num_buckets=num_buckets)
        options = _options(tf)
        with Status(tf) as status:
            session = tf.TF_NewSession(graph, options, status.pointer)
            tf.TF_DeleteSessionOptions(options)
            status.raise_error("can't start the hash graph")
        return cls(graph, session)

    def add_join(self, tensor: str) -> tuple[str, str]:
        """Adds operations that join the strings of a tensor.

        Their results are read without work for each string.

        Args:
            tensor: A string tensor of any shape.

        Returns:
            The names of two tensors: all bytes joined, a scalar; and the strings' int32 lengths, of
            the tensor's shape.
        """
        operation, _, index = tensor.rpartition(":")
        prefix = f"joined/{operation.replace(':', '_')}/{index}"
        source = self.outputs([tensor])[0]
        flat, first = (Output(_constant(self._tf, self._graph, f"{prefix}/{value + 1}", value), 0) for value in (-1, 0))
        row = Output(_operation(self._tf, self._graph, "Reshape", f"{prefix}/row", [source, flat]), 0)
        _operation(self._tf, self._graph, "ReduceJoin", f"{prefix}/bytes", [row, first])
        _operation(self._tf, self._graph, "StringLength", f"{prefix}/lengths", [source])
        return f"{prefix}/bytes:0", f"{prefix}/lengths:0"

    def outputs(self, tensors: Sequence[str]) -> ctypes.Array[Output]:
        """Finds tensors, named `operation:index`, in the graph.

        Raises:
            ShardmillError: One isn't in the graph.
        """
        found = (Output * len(tensors))()
        for output, tensor in zip(found, tensors, strict=True):
            name, _, index = tensor.rpartition(":")
            operation = self._tf.TF_GraphOperationByName(self._graph, name.encode())
            if not operation:
                raise ShardmillError(
                    f"the transform graph has no operation {name!r} (tensor {tensor!r} of its shardmill.json)"
                )
            output.oper, output.index = operation, int(index)
        return found

    def run(
        self, inputs: ctypes.Array[Output], feeds: Sequence[Feed], outputs: ctypes.Array[Output]
    ) -> list[npt.NDArray[Any] | bytes]:
        """Runs the graph once.

        Args:
            inputs: The tensors to feed.
            feeds: The value of each input.
            outputs: The tensors to return.

        Returns:
            For each output an array with its own memory, or for a scalar string its bytes.

        Raises:
            ShardmillError: The graph fails; the message has TensorFlow's.
        """
        tf = self._tf
        tensors = (c_void_p * len(feeds))()
        results = (c_void_p * len(outputs))()
        try:
            for index, feed in enumerate(feeds):
                shape = (c_int64 * len(feed.shape))(*feed.shape)
                tensors[index] = tf.TF_NewTensor(
                    feed.dtype, shape, len(feed.shape), feed.address, feed.size, _keep, None
                )
            with Status(tf) as status, subnormals_as_zeros(tf):
                tf.TF_SessionRun(
                    *(self._session, None, inputs, tensors, len(feeds), outputs, results, len(outputs)),
                    *(None, 0, None, status.pointer),
                )
                status.raise_error("the transform graph failed")
            # Copied while the feeds are alive, since an output may share an input's memory.
            return [_value(tf, result) for result in results if result]
        finally:
            for tensor in (*tensors, *results):
                if tensor:
                    tf.TF_DeleteTensor(tensor)

    def __del__(self) -> None:
        """Frees the session and the graph."""
        if getattr(self, "_session", None):
            with Status(self._tf) as status:
                self._tf.TF_CloseSession(self._session, status.pointer)
                self._tf.TF_DeleteSession(self._session, status.pointer)
            self._tf.TF_DeleteGraph(self._graph)
            self._session = 0


def _operation(
    tf: ctypes.CDLL, graph: int, kind: str, name: str, inputs: Sequence[Output] = (), **attributes: int
) -> int:
    """Adds an operation to a graph.

    Its attribute `dtype` is a type; others are integers.
    """
    description = tf.TF_NewOperation(graph, kind.encode(), name.encode())
    for each in inputs:
        tf.TF_AddInput(description, each)
    for attribute, value in attributes.items():
        set_attribute = tf.TF_SetAttrType if attribute == "dtype" else tf.TF_SetAttrInt
        set_attribute(description, attribute.encode(), value)
    return _finish(tf, description, name)


def _constant(tf: ctypes.CDLL, graph: int, name: str, value: int) -> int:
    """Adds an int32 constant of shape [1]."""
    array = np.array([value], np.int32)
    description = tf.TF_NewOperation(graph, b"Const", name.encode())
    tf.TF_SetAttrType(description, b"dtype", INT32)
    tensor = tf.TF_NewTensor(INT32, byref(c_int64(1)), 1, array.ctypes.data, array.nbytes, _keep, None)
    with Status(tf) as status:
        # TensorFlow copies the value.
        tf.TF_SetAttrTensor(description, b"value", tensor, status.pointer)
        tf.TF_DeleteTensor(tensor)
        status.raise_error(f"can't add {name!r} to the graph")
    return _finish(tf, description, name)


def _finish(tf: ctypes.CDLL, description: int, name: str) -> int:
    with Status(tf) as status:
        operation: int = tf.TF_FinishOperation(description, status.pointer)
        status.raise_error(f"can't add {name!r} to the graph")
    return operation


def _options(tf: ctypes.CDLL) -> int:
    options: int = tf.TF_NewSessionOptions()
    with Status(tf) as status:
        tf.TF_SetConfig(options, CONFIG, len(CONFIG), status.pointer)
        status.raise_error("can't configure TensorFlow")
    return options


def _value(tf: ctypes.CDLL, tensor: int) -> npt.NDArray[Any] | bytes:
    dtype = tf.TF_TensorType(tensor)
    shape = tuple(tf.TF_Dim(tensor, axis) for axis in range(tf.TF_NumDims(tensor)))
    data = tf.TF_TensorData(tensor)
    if dtype == STRING and shape == ():
        return _string(data)
    if dtype not in _NUMPY:
        raise ShardmillError(
            "the transform graph: expected outputs of float32, int64, or for bytes one joined string and int32 lengths, "
            f"received one of TF_DataType {dtype} and shape {shape}"
        )
    size = tf.TF_TensorByteSize(tensor)
    if not size:
        return np.empty(shape, _NUMPY[dtype])
    memory = memoryview((c_ubyte * size).from_address(data))
    values = new_array(shape, _NUMPY[dtype])
    # One copy, by NumPy, which releases the GIL.
    values[...] = np.frombuffer(memory, _NUMPY[dtype]).reshape(shape)
    return values


def new_array(shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Makes an array in Arrow's memory.

    Unlike NumPy's it is aligned to 64 bytes, without which TensorFlow copies it; and it is used
    again, so that the system needn't clear fresh pages for each block.
    """
    memory = pa.allocate_buffer(math.prod(shape) * dtype.itemsize)
    return np.frombuffer(memory, dtype).reshape(shape)


def _string(address: int) -> bytes:
    """The bytes of a `TF_TString` of any kind.

    See tensorflow/tsl/platform's ctstring_internal.h for the layouts.
    """
    raw = (c_char * 24).from_address(address).raw
    kind = raw[0] & _KIND
    if kind == _SMALL:
        return raw[1 : 1 + (raw[0] >> 2)]
    if kind == _OFFSET:
        size, offset = (int.from_bytes(raw[start : start + 4], "little") for start in (0, 4))
        return ctypes.string_at(address + offset, size >> 2)
    size, pointer = (
        c_uint64.from_address(address).value >> 2,
        c_uint64.from_address(address + (16 if kind == _LARGE else 8)).value,
    )
    return ctypes.string_at(pointer, size) if size else b""
