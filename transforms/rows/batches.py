"""Batches of small units, which are transformed together.

So a small file costs little more than its rows.
"""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from shardmill.transforms.csv.units import Unit

# The most bytes of units in a batch of several, and the most units: it is one worker's work.
BATCH_BYTES = 1 << 20
_MOST_UNITS = 500


def batches(units: Iterable[Unit]) -> Iterator[tuple[Unit, ...]]:
    """Groups units.

    Groups depend on the files alone. A unit is by itself if it is large, or if its size isn't
    known.

    Args:
        units: All units, in any order.

    Yields:
        Units of consecutive indices.
    """
    batch: list[Unit] = []
    size = 0
    for unit in sorted(units, key=lambda unit: unit.index):
        more = _size(unit)
        if batch and (size + more > BATCH_BYTES or len(batch) == _MOST_UNITS):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(unit)
        size += more
    if batch:
        yield tuple(batch)


def _size(unit: Unit) -> int:
    stop = unit.file_bytes if unit.stop is None else unit.stop
    return BATCH_BYTES + 1 if stop is None else stop - unit.start


def joined(batches_of_rows: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Joins the rows of record batches.

    Args:
        batches_of_rows: At least one, with the same columns, of which there is at least one.
    """
    if len(batches_of_rows) == 1:
        return batches_of_rows[0]
    return pa.Table.from_batches(batches_of_rows).combine_chunks().to_batches()[0]
