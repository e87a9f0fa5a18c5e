"""Runs the transform graph through TensorFlow's Python API.

It is for platforms without TensorFlow's C library, and takes some ten times as long.

It runs the same tensors of the same SavedModel as `transforms.runtime.c_api`, in the same runtime,
so it gives the same bytes.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.errors import RowsError, ShardmillError
from shardmill.schemas.messages import shortened
from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.runtime.c_api import CONFIG
from shardmill.transforms.runtime.feeds import filled

Join = Callable[[str], tuple[str, str]]


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow as tf

    return tf


class PythonRunner:
    """A SavedModel in a `tf.compat.v1.Session`.

    It may be called from several threads.
    """

    def __init__(
        self, folder: str, stacks: Mapping[str, Sequence[str]], fetches: Callable[[Join], Sequence[str]]
    ) -> None:
        """Loads and initialises the model.

        Args:
            folder: The SavedModel's folder.
            stacks: The columns of each tensor to feed.
            fetches: Returns the names of the tensors to fetch. It receives a function that joins a
                string tensor, like `CSession.add_join`.

        Raises:
            ShardmillError: TensorFlow can't load it; the message has TensorFlow's.
        """
        tf = _tensorflow()
        self._stacks = [*stacks.values()]
        self._errors: tuple[type[Exception], ...] = (tf.errors.OpError,)
        self._of_values = (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError)
        session = tf.compat.v1.Session(graph=tf.Graph(), config=_config(tf))
        level = tf.get_logger().level
        tf.get_logger().setLevel("ERROR")
        try:
            with session.graph.as_default():
                tf.compat.v1.saved_model.load(session, ["serve"], folder)
                outputs = fetches(_add_join)
            self._call = session.make_callable(list(outputs), feed_list=list(stacks))
        except (OSError, KeyError, RuntimeError, ValueError, *self._errors) as error:
            raise ShardmillError(f"can't load the transform graph in {folder!r}: TensorFlow says: {error}") from error
        finally:
            tf.get_logger().setLevel(level)
        # The graph is initialised. From here on nothing may change it, so threads may share it.
        session.graph.finalize()

    def __call__(self, batch: pa.RecordBatch) -> Sequence[npt.NDArray[Any] | bytes]:
        """Runs the graph once.

        Args:
            batch: The columns of `stacks`.

        Returns:
            The value of each output: an array, or for a scalar string its bytes.

        Raises:
            ShardmillError: The graph fails; the message has TensorFlow's. A `RowsError` means that
                the values are at fault.
        """
        try:
            values: Sequence[npt.NDArray[Any] | bytes] = self._call(
                *(_stacked([batch.column(name) for name in names]) for names in self._stacks)
            )
        except self._errors as error:
            kind = RowsError if isinstance(error, self._of_values) else ShardmillError
            raise kind(
                f"the transform graph failed: TensorFlow says: {shortened(str(getattr(error, 'message', error)))}"
            ) from error
        return values


def _config(tf: Any) -> Any:
    """The C library's configuration, but with TensorFlow's own threads.

    TensorFlow's threads treat subnormal numbers as zeros, the caller's thread doesn't.
    """
    config = tf.compat.v1.ConfigProto.FromString(CONFIG)
    config.inter_op_parallelism_threads = 0
    return config


def _add_join(tensor: str) -> tuple[str, str]:
    tf = _tensorflow()
    strings = tf.compat.v1.get_default_graph().get_tensor_by_name(tensor)
    return tf.strings.reduce_join(tf.reshape(strings, [-1]), 0).name, tf.strings.length(strings).name


def hash_buckets(strings: pa.Array, num_buckets: int) -> npt.NDArray[np.int64]:
    """The `tf.strings.to_hash_bucket_fast` of each string.

    Args:
        strings: (Large) string or binary, without nulls.
        num_buckets: At least 1.
    """
    tf = _tensorflow()
    with tf.device("/cpu:0"):
        buckets: npt.NDArray[np.int64] = tf.strings.to_hash_bucket_fast(_values(strings), num_buckets).numpy()
    return buckets


def _stacked(arrays: Sequence[pa.Array]) -> npt.NDArray[Any]:
    values = [_values(array) for array in arrays]
    return np.stack(values) if len(values) > 1 else values[0]


def _values(array: pa.Array) -> npt.NDArray[Any]:
    if pa.types.is_floating(array.type) or pa.types.is_integer(array.type):
        missing = float("nan") if pa.types.is_floating(array.type) else MISSING_INT
        values: npt.NDArray[Any] = array.fill_null(missing).to_numpy()
        return values
    array = filled(array)
    large = pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type)
    objects: npt.NDArray[Any] = array.cast(pa.large_binary() if large else pa.binary()).to_numpy(zero_copy_only=False)
    return objects
