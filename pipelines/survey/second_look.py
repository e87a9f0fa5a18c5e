"""Looks at the data again where profiles leave a question open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.date_formats import INTEGER_DATES, by_preference, fit_format
from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.csv.blocks import Block
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.numbers.cast import cast
from shardmill.transforms.read import Blocks

# Bytes of text among which the first cells of another type are looked for.
_MOST_BYTES = 1 << 30
# How many of a column's cells there are for each odd one, where these are few.
_PER_FEW = 10
_FEWEST_ALIKE = 2


@dataclass(frozen=True)
class OddCells:
    """The cells of a column of numbers or dates that are none.

    Attributes:
        count: How many there are.
        cell: The first of them.
        file: Its file.
        line: The number of its row's first physical line, from 1. 0 means that the cell wasn't
            found in the part of the data that was looked at.
        date_format: The format of the column's dates. "" means that it is a column of numbers.
        few: Whether they are few beside the others.
    """

    count: int
    cell: str = ""
    file: str = ""
    line: int = 0
    date_format: str = ""
    few: bool = True


def ascending_columns(
    inputs: Sequence[InputFile], dialect: Dialect, schema: Schema, names: Sequence[str]
) -> frozenset[str]:
    """Finds the columns whose integers ascend, in steps that differ.

    The first block of the first file that has rows decides.

    Args:
        inputs: The input files.
        dialect: Their dialect.
        schema: The inferred schema.
        names: The columns of integers to look at.
    """
    selection = Selection(tuple(schema[name] for name in names), schema.names, optional=frozenset(names))
    for found in inputs if names else ():
        for block in Blocks(Unit(0, 0, found.path), dialect, selection):
            if block.rows:
                steps = {name: np.diff(block.columns[name].drop_null().to_numpy()) for name in names}
                return frozenset(name for name, each in steps.items() if len(each) and 0 < each.min() < each.max())
    return frozenset()


def odd_cells(
    inputs: Sequence[InputFile], dialect: Dialect, schema: Schema, profiles: Profiles
) -> Mapping[str, OddCells]:
    """Finds the first cell that is no number or date, in columns of mostly such.

    Such cells make a column text if they are more than a few: a total below a table, a second
    table, an unknown spelling of a missing value.

    Args:
        inputs: The input files.
        dialect: Their dialect.
        schema: The inferred schema.
        profiles: The profiles of its columns.

    Returns:
        The odd cells by column; columns without any are absent.
    """
    found = {}
    for column in schema:
        profile = profiles[column.name]
        odd = _count_odd(profile, column.type) or _count_undated(profile, column.type)
        if odd is not None:
            found[column.name] = odd
    pending = set(found)
    nulls = pa.array(sorted({"", *dialect.null_values}), pa.string())
    size = 0
    for file in inputs:
        columns = tuple(Column(name, ColumnType.BYTES) for name in sorted(pending))
        selection = Selection(columns, schema.names, optional=frozenset(pending))
        for block in Blocks(Unit(0, 0, file.path), dialect, selection) if pending else ():
            for name in sorted(pending):
                first = _first_odd(block, name, schema[name].type, nulls, found[name].date_format)
                if first is not None:
                    found[name] = replace(found[name], cell=first[0], file=file.path, line=first[1])
            pending = {name for name in pending if not found[name].line}
            size += block.size
            if not pending or size > _MOST_BYTES:
                return found
    return found


def _count_odd(profile: ColumnProfile, column_type: ColumnType) -> OddCells | None:
    """Counts the cells that are no numbers, in a column of numbers."""
    if column_type is not ColumnType.BYTES:
        return OddCells(profile.unusable) if profile.unusable else None
    numbers = profile.cells.of(Spelling.INTEGER, Spelling.WHOLE, Spelling.FLOAT, Spelling.INFINITE)
    odd = profile.present - numbers - profile.cells.of(Spelling.NAN, Spelling.BLANK)
    return None if profile.cells.of(Spelling.LEADING_ZERO) else _odd(odd, numbers)


def _count_undated(profile: ColumnProfile, column_type: ColumnType) -> OddCells | None:
    """Counts the cells that don't fit the format of most, in a column of dates.

    More than a few dates in other formats aren't odd.
    """
    best = by_preference(profile.cells.formats)[:1]
    if column_type is not ColumnType.BYTES or profile.date_format or not best or best[0] in INTEGER_DATES:
        return None
    alike = profile.cells.formats[best[0]]
    odd = _odd(profile.present - alike, alike, best[0])
    others = profile.cells.of(Spelling.DATE) - alike
    if odd is None or odd.few:
        return odd
    return None if 2 * others >= odd.count or profile.may_be_versions else odd


def _odd(odd: int, alike: int, date_format: str = "") -> OddCells | None:
    """The odd cells, if there are any, and at most as many as others."""
    few = odd == 1 or odd * _PER_FEW <= alike
    found = 0 < odd <= alike and alike >= _FEWEST_ALIKE
    return OddCells(odd, date_format=date_format, few=few) if found else None


def _first_odd(
    block: Block, name: str, column_type: ColumnType, nulls: pa.Array, date_format: str
) -> tuple[str, int] | None:
    """The first cell of a block that is no number or no date, and its line."""
    if block.origin is None:
        return None
    if date_format:
        return _first_undated(block.columns[name], block.origin.lines, nulls, date_format)
    wanted = ColumnType.FLOAT if column_type is ColumnType.BYTES else column_type
    values = cast(block.columns[name], wanted, nulls)
    if values.bad is None or values.text is None:
        return None
    return str(values.text[0]), int(block.origin.lines[int(values.bad[0])])


def _first_undated(
    cells: pa.Array, lines: npt.NDArray[np.int64], nulls: pa.Array, date_format: str
) -> tuple[str, int] | None:
    present = pc.and_(cells.is_valid(), pc.invert(pc.is_in(cells, value_set=nulls)))
    rows = np.flatnonzero(present.to_numpy(zero_copy_only=False))
    if not len(rows):
        return None
    odd = rows[~fit_format(cells.take(pa.array(rows)), date_format)]
    return (str(cells[int(odd[0])]), int(lines[odd[0]])) if len(odd) else None
