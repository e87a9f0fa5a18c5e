"""Reads CSV bytes into blocks, for tests of the reader."""

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.csv.blocks import Block, Reject, read_blocks
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile, Unit, file_ranges, plan_units, scan_range
from shardmill.transforms.records.skipped import Skipped

BYTES, INT, FLOAT = ColumnType.BYTES, ColumnType.INT, ColumnType.FLOAT


def select(**columns: ColumnType) -> Selection:
    """A selection of columns by name and type."""
    return select_columns(tuple(Column(name, column_type) for name, column_type in columns.items()))


def select_columns(columns: tuple[Column, ...], **settings: Any) -> Selection:
    """A selection of all columns of a schema."""
    return Selection(columns, tuple(column.name for column in columns), **settings)


def read(data: bytes, selection: Selection, dialect: Dialect | None = None, path: str = "f.csv") -> list[Block]:
    """The blocks of a file with some bytes."""
    return list(read_blocks(io.BytesIO(data), Unit(0, 0, path), dialect or Dialect(), selection))


def plan(data: bytes, unit_bytes: int, dialect: Dialect, path: str = "f.csv") -> list[Unit]:
    """The units of a file with some bytes, cut into ranges of about this size."""
    files = [InputFile(path, len(data))]
    ranges = file_ranges(files, dialect, unit_bytes)
    scans = [scan_range(data[each.read_start : each.stop], each, dialect) for each in ranges]
    return plan_units(files, scans, dialect, unit_bytes)


def read_units(
    data: bytes, units: Sequence[Unit], dialect: Dialect, selection: Selection, skipped: Skipped | None = None
) -> list[Block]:
    """The blocks of units of a file with some bytes."""
    return [
        block
        for unit in units
        for block in read_blocks(io.BytesIO(data[unit.start :]), unit, dialect, selection, skipped)
    ]


def values(found: Sequence[Block]) -> dict[str, list[object]]:
    """The columns of some blocks."""
    return pa.Table.from_batches([block.columns for block in found]).to_pydict() if found else {}


def rejects(found: Sequence[Block]) -> list[Reject]:
    """The rejected rows of some blocks."""
    return [reject for block in found for reject in block.rejects]
