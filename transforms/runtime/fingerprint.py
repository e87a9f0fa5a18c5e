"""Hashes of whole columns: FarmHash64 fingerprints as TensorFlow computes them, and splitmix64 for spreading rows."""

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

    The same as `tf.strings.to_hash_bucket_fast`, and so as BigQuery's `FARM_FINGERPRINT(s)`, taken as unsigned, modulo n.
    TensorFlow's own kernel runs, on the array's buffers in place.

    Args:
        strings: (Large) string or binary; a null counts as the empty string.
        num_buckets: At least 1.

    Returns:
        int64 [rows], each in [0, num_buckets).
    """
    if num_buckets < 1:
        raise ValueError(f"num_buckets must be at least 1, not {num_buckets!r}")
    if strings.null_count:
        strings = pc.fill_null(strings, pa.scalar("", strings.type))
    if use_python():
        from shardmill.transforms.runtime.python_api import hash_buckets

        return hash_buckets(strings, num_buckets)
    session, inputs, outputs = _hash_session(num_buckets)
    (buckets,) = session.run(inputs, [Feed.of(strings)], outputs)
    assert isinstance(buckets, np.ndarray)
    return buckets.astype(np.int64, copy=False)


@functools.lru_cache(maxsize=64)
def _hash_session(num_buckets: int) -> tuple[CSession, ctypes.Array[Any], ctypes.Array[Any]]:
    session = CSession.of_hash(num_buckets)
    return session, session.outputs(["strings:0"]), session.outputs(["buckets:0"])


def splitmix64(values: npt.NDArray[np.uint64], seed: int) -> npt.NDArray[np.uint64]:
    """Spreads integers over all 64-bit ones, as Steele, Lea and Flood's SplitMix64 does its states.

    For a fixed seed it is a bijection: distinct values have distinct hashes.

    Args:
        values: uint64 of any shape.
        seed: Any integer; taken modulo 2**64.

    Returns:
        uint64 of the same shape: for index i the (i+1)th output of the generator whose state is first the mixed seed.
    """
    start = _mix(np.array([seed % 2**64], dtype=np.uint64))
    gamma = np.uint64(0x9E3779B97F4A7C15)
    return _mix(start + (values.astype(np.uint64) + np.uint64(1)) * gamma)


def _mix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
