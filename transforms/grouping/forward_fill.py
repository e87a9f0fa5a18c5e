"""Missing cells that take the value of the row before."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import from_numpy


def forward_fill(
    column: pa.ChunkedArray, starts: npt.NDArray[np.int64], *, infinite: bool
) -> tuple[pa.ChunkedArray, int]:
    """Fills missing cells from the rows before.

    Cells before the first value of a group stay as they are. NaN is missing, too.

    Args:
        column: The cells of sorted rows.
        starts: The first row of each group.
        infinite: Whether infinite numbers are missing.

    Returns:
        The column, and the number of cells that were filled.
    """
    present = column.is_valid()
    if pa.types.is_floating(column.type):
        has_value = pc.is_finite(column) if infinite else pc.invert(pc.is_nan(column))
        present = pc.and_(present, pc.fill_null(has_value, fill_value=False))
    kept = present.combine_chunks().to_numpy(zero_copy_only=False)
    if kept.all():
        return column, 0
    rows = np.arange(len(kept))
    last = np.maximum.accumulate(np.where(kept, rows, -1))
    has_last = last >= np.repeat(starts, np.diff(starts, append=len(kept)))
    return column.take(from_numpy(np.where(has_last, last, rows))), int((has_last & ~kept).sum())
