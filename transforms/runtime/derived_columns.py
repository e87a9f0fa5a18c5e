"""Derived columns: what a user's `derive` function makes of a block's raw columns, for the analysis."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.tfrecord.encode import Outputs


def with_derived(batch: pa.RecordBatch, made: Outputs) -> pa.RecordBatch:
    """A block's raw columns with the derived ones.

    Args:
        batch: The raw columns.
        made: What the function's graph made of them, text as strings.

    Returns:
        The columns of both; in a derived column null where its value is NaN, -2**63 or the empty text, which stand for missing.
    """
    arrays = [*batch.columns, *map(_column, made.values())]
    return pa.RecordBatch.from_arrays(arrays, [*batch.schema.names, *made])


def _column(values: npt.NDArray[Any] | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return pc.if_else(pc.equal(pc.binary_length(values), 0), None, values)
    missing = np.isnan(values) if values.dtype == np.float32 else values == MISSING_INT
    return pa.array(values, mask=missing)
