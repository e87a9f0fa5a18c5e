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
        ShardmillError: The graph fails, with TensorFlow's message; or a derived text isn't UTF-8.
    """
    try:
        outputs = session.run(batch)
    except ShardmillError as error:
        raise ShardmillError(f"the derive function: {error}") from error
    arrays = [*batch.columns, *(_column(name, values) for name, values in outputs.items())]
    return pa.RecordBatch.from_arrays(arrays, [*batch.schema.names, *outputs])


def _column(name: str, values: npt.NDArray[Any] | pa.Array) -> pa.Array:
    if isinstance(values, pa.Array):
        return _text(name, values)
    missing = np.isnan(values) if values.dtype == np.float32 else values == MISSING_INT
    return pa.array(values, mask=missing)


def _text(name: str, values: pa.Array) -> pa.Array:
    try:
        return pc.if_else(pc.equal(pc.binary_length(values), 0), None, values).cast(pa.string())
    except pa.ArrowInvalid as error:
        raise ShardmillError(
            f"the derive function: a value of {name!r} isn't UTF-8 text, which all text must be. Was a letter cut in two? "
            'tf.strings.substr and tf.strings.length count letters with unit="UTF8_CHAR"'
        ) from error
