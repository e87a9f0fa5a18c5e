"""Looks at the data again where profiles leave a question open."""

from collections.abc import Sequence

import numpy as np

from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile, Unit
from shardmill.transforms.read import Blocks


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
