"""FarmHash64 fingerprints of whole columns, as TensorFlow computes them."""

import ctypes
import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.transforms.runtime.c_api import CSession, Feed
from shardmill.transforms.runtime.c_library import use_python


def fingerprint(strings: pa.Array, num_buckets: int) -> npt.NDArray[np.int64]:
    """FarmHash64's Fingerprint of each string modulo `num_buckets`.

    It equals `tf.strings.to_hash_bucket_fast`, and so BigQuery's `FARM_FINGERPRINT(s)`, taken as
    unsigned, modulo n. TensorFlow's own kernel computes it, on the array's buffers in place.

    Args:
        strings: (Large) string or binary; a null counts as the empty string.
        num_buckets: At least 1.

    Returns:
        int64 [rows], each in [0, num_buckets).
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets: expected at least 1, received {num_buckets!r}")
    if strings.null_count:
        strings = pc.fill_null(strings, pa.scalar("", strings.type))
    if use_python():
        from shardmill.transforms.runtime.python_api import hash_buckets

        return hash_buckets(strings, num_buckets)
    session, inputs, outputs = _hash_session(num_buckets)
    (buckets,) = session.run(inputs, [Feed.text([strings])], outputs)
    assert isinstance(buckets, np.ndarray)
    return buckets.astype(np.int64, copy=False)


@functools.lru_cache(maxsize=64)
def _hash_session(num_buckets: int) -> tuple[CSession, ctypes.Array[Any], ctypes.Array[Any]]:
    session = CSession.of_hash(num_buckets)
    return session, session.outputs(["strings:0"]), session.outputs(["buckets:0"])
