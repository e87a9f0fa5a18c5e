"""Ranks a column's values by their counts in files."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from shardmill.transforms.statistics.partition import bits_for
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.token_files import Run
from shardmill.transforms.statistics.tokens import SCHEMA, select, total

# Bytes of counts that are merged at a time.
_MERGED_BYTES = 16 << 20


@dataclass(frozen=True)
class RankedValues:
    """The most frequent values of a column.

    Attributes:
        top: A table of their counts, the most frequent first.
        distinct: The number of distinct values, in the table or not.
        total: The number of values.
    """

    top: pa.Table
    distinct: int
    total: int


def rank_values(runs: Sequence[Run], most: int) -> RankedValues:
    """Ranks the values of a column.

    Args:
        runs: Their counts, by parts of the rows.
        most: The most values to keep.

    Raises:
        DataError: A file of counts can't be read.
    """
    bits = bits_for(sum(run.size for run in runs), _MERGED_BYTES)
    top, distinct, counted = SCHEMA.empty_table(), 0, 0
    for index in range(1 << bits):
        counts = TokenCounts()
        for run in runs:
            counts.add(run.share(bits, index).read(bits, index))
        table = counts.table()
        distinct += table.num_rows
        counted += total(table)
        top = select(pa.concat_tables([top, table]), most)
    return RankedValues(top, distinct, counted)
