"""A record batch's columns as the memory of tensors.

A missing value is fed as NaN (float32), -2**63 (int64) or the empty string.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.transforms.kernel.described_columns import ColumnFinder
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.runtime.c_api import Feed, new_array

_NUMPY = {"float32": np.float32, "int64": np.int64}


class Feeds:
    """Makes the tensors of one signature.

    Threads may share it.
    """

    def __init__(self, inputs: Sequence[tuple[str, Sequence[str]]]) -> None:
        """Takes the inputs.

        Args:
            inputs: For each input its dtype (float32, int64 or bytes) and its columns.
        """
        self._inputs = inputs
        self._finder = ColumnFinder([name for dtype, names in inputs if dtype != "bytes" for name in names])

    def __call__(self, batch: pa.RecordBatch) -> list[Feed]:
        """Wraps a batch's columns.

        Numbers are copied, text isn't: the batch must outlive its use.

        Args:
            batch: Columns of the inputs' types, and perhaps others; nulls are missing values.

        Returns:
            For each input a vector of its only column, or a matrix whose rows are its columns.
        """
        columns = self._finder.find(batch)
        feeds: list[Feed] = []
        first = 0
        for dtype, names in self._inputs:
            if dtype == "bytes":
                feeds.append(Feed.text([filled(batch.column(name)) for name in names]))
                continue
            values = new_array((len(names), batch.num_rows), np.dtype(_NUMPY[dtype]))
            table = columns.table[first : first + len(names)]
            kernel().kernel_stack(table, len(names), batch.num_rows, values)
            feeds.append(Feed.numbers(values if len(names) > 1 else values[0]))
            first += len(names)
        return feeds


def filled(text: pa.Array) -> pa.Array:
    """The text with empty strings for nulls."""
    return pc.fill_null(text, pa.scalar("", text.type)) if text.null_count else text
