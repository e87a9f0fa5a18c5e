"""Lists of units, and groups of small ones.

A group is transformed together, so that a small file costs little more than its rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from shardmill.transforms.csv.units import Unit

# The most bytes of units in a group of several, and the most units: it is one worker's work.
GROUP_BYTES = 1 << 20
_MOST_UNITS = 500


@dataclass(frozen=True)
class UnitList:
    """Units, which are pickled together.

    What they have in common is pickled once: Beam pickles each item of a list by itself.

    Attributes:
        units: The units, in any order.
    """

    units: list[Unit] = field(default_factory=list)

    def merge(self, other: "UnitList") -> None:
        """Adds the units of another list."""
        self.units.extend(other.units)


def groups(listed: UnitList) -> Iterator[tuple[Unit, ...]]:
    """Groups units.

    Groups depend on the files alone. A unit is by itself if it is large, or if its size isn't
    known.

    Args:
        listed: All units.

    Yields:
        Units of consecutive indices.
    """
    group: list[Unit] = []
    size = 0
    for unit in sorted(listed.units, key=lambda unit: unit.index):
        more = _size(unit)
        if group and (size + more > GROUP_BYTES or len(group) == _MOST_UNITS):
            yield tuple(group)
            group, size = [], 0
        group.append(unit)
        size += more
    if group:
        yield tuple(group)


def _size(unit: Unit) -> int:
    stop = unit.file_bytes if unit.stop is None else unit.stop
    return GROUP_BYTES + 1 if stop is None else stop - unit.start


def joined(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """Joins the rows of record batches.

    Args:
        batches: At least one, with the same columns, of which there is at least one.
    """
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
