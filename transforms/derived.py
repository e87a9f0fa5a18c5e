"""Derived columns: what a user's `derive` function makes of a block's raw columns, for the analysis."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import ShardmillError
from transforms.session import MISSING_INT, Session


def with_derived(batch: pa.RecordBatch, session: Session) -> pa.RecordBatch:
    """A block's raw columns with the derived ones.

    Args:
        batch: The raw columns.
        session: The function's graph.

    Returns:
        The columns of both; in a derived column null where its value is NaN, -2**63 or the empty text, which stand for missing.

    Raises:
        ShardmillError: The graph fails; with TensorFlow's message.
    """
    try:
        outputs = session.run(batch)
    except ShardmillError as error:
        raise ShardmillError(f"the derive function: {error}") from error
    arrays = [*batch.columns, *(_column(values) for values in outputs.values())]
    return pa.RecordBatch.from_arrays(arrays, [*batch.schema.names, *outputs])


def _column(values: npt.NDArray[Any] | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return pc.if_else(pc.equal(pc.binary_length(values), 0), None, values).cast(pa.string())
    missing = np.isnan(values) if values.dtype == np.float32 else values == MISSING_INT
    return pa.array(values, mask=missing)
