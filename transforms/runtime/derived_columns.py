"""Adds derived columns to a block, for the analysis.

A user's `derive` function makes them from raw columns.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.tfrecord.encode import Outputs


def with_derived(batch: pa.RecordBatch, made: Outputs) -> pa.RecordBatch:
    """Joins a block's raw columns and its derived ones.

    Args:
        batch: The raw columns.
        made: The outputs of the function's graph, text as strings.

    Returns:
        The columns of both. A derived column is null where its value is missing: NaN, -2**63 or the
        empty text.
    """
    arrays = [*batch.columns, *map(_column, made.values())]
    return pa.RecordBatch.from_arrays(arrays, [*batch.schema.names, *made])


def _column(values: npt.NDArray[Any] | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return pc.if_else(pc.equal(pc.binary_length(values), 0), None, values)
    missing = np.isnan(values) if values.dtype == np.float32 else values == MISSING_INT
    return pa.array(values, mask=missing)
