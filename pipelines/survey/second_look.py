"""Looks at the data again where profiles leave a question open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

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
# How many numbers there are for each text, where a column is one of numbers.
_NUMBERS_PER_TEXT = 10
_FEWEST_NUMBERS = 2


@dataclass(frozen=True)
class OddCells:
    """The cells of a column of numbers that are no numbers.

    Attributes:
        count: How many there are.
        cell: The first of them.
        file: Its file.
        line: The number of its row's first physical line, from 1. 0 means that the cell wasn't
            found in the part of the data that was looked at.
    """

    count: int
    cell: str = ""
    file: str = ""
    line: int = 0


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
    """Finds the first cell that is no number, in columns of numbers.

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
    counts = {column.name: _count_odd(profiles[column.name], column.type) for column in schema}
    found = {name: OddCells(count) for name, count in counts.items() if count}
    pending = set(found)
    nulls = pa.array(sorted({"", *dialect.null_values}), pa.string())
    size = 0
    for file in inputs:
        columns = tuple(Column(name, ColumnType.BYTES) for name in sorted(pending))
        selection = Selection(columns, schema.names, optional=frozenset(pending))
        for block in Blocks(Unit(0, 0, file.path), dialect, selection) if pending else ():
            for name in sorted(pending):
                odd = _first_odd(block, name, schema[name].type, nulls)
                if odd is not None:
                    found[name] = OddCells(counts[name], odd[0], file.path, odd[1])
            pending = {name for name in pending if not found[name].line}
            size += block.size
            if not pending or size > _MOST_BYTES:
                return found
    return found


def _count_odd(profile: ColumnProfile, column_type: ColumnType) -> int:
    """The number of cells that are no numbers, 0 where the column isn't one of numbers."""
    if column_type is not ColumnType.BYTES:
        return profile.unusable
    numbers = profile.cells.of(Spelling.INTEGER, Spelling.WHOLE, Spelling.FLOAT, Spelling.INFINITE)
    odd = profile.present - numbers - profile.cells.of(Spelling.NAN, Spelling.BLANK)
    few = odd == 1 or odd * _NUMBERS_PER_TEXT <= numbers
    return odd if few and numbers >= _FEWEST_NUMBERS and not profile.cells.of(Spelling.LEADING_ZERO) else 0


def _first_odd(block: Block, name: str, column_type: ColumnType, nulls: pa.Array) -> tuple[str, int] | None:
    """The first cell of a block that is no number, and its line."""
    wanted = ColumnType.FLOAT if column_type is ColumnType.BYTES else column_type
    values = cast(block.columns[name], wanted, nulls)
    if values.bad is None or values.text is None or block.origin is None:
        return None
    return str(values.text[0]), int(block.origin.lines[int(values.bad[0])])
