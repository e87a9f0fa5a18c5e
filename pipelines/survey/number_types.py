"""Tells what becomes of whole numbers in columns of numbers."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.inference.whole_numbers import EXACT, whole_numbers
from shardmill.schemas.messages import listed, plural
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.sniff.decision import Decision

# The most columns of one decision that are named.
_NAMED = 4
# Programs write exponents with a sign, as in 1e+05, or fractions before them.
_LIKE_CODES = r"^[0-9]+[eE][0-9]+$"


def number_decisions(schema: Schema, profiles: Profiles) -> Iterator[Decision]:
    """Tells columns whose type isn't what their spelling says.

    Args:
        schema: The inferred schema.
        profiles: The profiles of its columns.
    """
    cells = {column.name: profiles[column.name].cells for column in schema}
    whole = [each.name for each in schema if each.type is ColumnType.INT and cells[each.name].of(Spelling.WHOLE)]
    codes = {name: cell for name in whole if (cell := _code(profiles[name]))}
    for name, cell in codes.items():
        reason = f"all have an exponent, but may be codes: {cell!r} is {whole_numbers(pa.array([cell]))[0]}"
        yield Decision(f"column {name!r}", "integers", reason, sure=False)
    whole = [name for name in whole if name not in codes]
    if whole:
        yield Decision(
            f"column{'s' if whole[1:] else ''} {listed(whole, _NAMED)}",
            "integers",
            "whole numbers with a point or an exponent, none with a fraction",
        )
    for column in schema:
        rounded = cells[column.name].rounded
        if column.type is ColumnType.FLOAT and rounded:
            yield Decision(
                f"column {column.name!r}",
                "float32",
                f"{plural(rounded, 'whole number')} beyond {EXACT:,} {'are' if rounded > 1 else 'is'} rounded; for identifiers, "
                "make its type BYTES in the schema",
                sure=False,
            )


def _code(profile: ColumnProfile) -> str:
    """One of a column's cells if all may be codes, such as 12E3, else ""."""
    strings = profile.distinct.strings
    cells = pa.array(profile.distinct.samples, pa.string()) if strings is None else strings
    return str(pc.min(cells).as_py()) if pc.all(pc.match_substring_regex(cells, _LIKE_CODES)).as_py() else ""
