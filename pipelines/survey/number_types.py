"""Tells what becomes of whole numbers in columns of numbers."""

from collections.abc import Iterator

from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.inference.whole_numbers import EXACT
from shardmill.schemas.messages import listed, plural
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.sniff.decision import Decision

# The most columns of one decision that are named.
_NAMED = 4


def number_decisions(schema: Schema, profiles: Profiles) -> Iterator[Decision]:
    """Tells columns whose type isn't what their spelling says.

    Args:
        schema: The inferred schema.
        profiles: The profiles of its columns.
    """
    cells = {column.name: profiles[column.name].cells for column in schema}
    whole = [each.name for each in schema if each.type is ColumnType.INT and cells[each.name].of(Spelling.WHOLE)]
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
