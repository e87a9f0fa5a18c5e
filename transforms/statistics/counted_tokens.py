"""The tokens of rows that requests have counted."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.transforms.distributions.joint_tokens import Companion
from shardmill.transforms.numbers.list_cells import split_elements
from shardmill.transforms.statistics.requests import MadeTokens, VocabularyRequest
from shardmill.transforms.statistics.token_counts import TokenCounts
from shardmill.transforms.statistics.tokens import (
    bucketed,
    cross,
    distinct_in_rows,
    null_if_empty,
    row_counts,
    to_binary,
)


class CountedTokens(NamedTuple):
    """The tokens of a request, and how they are counted.

    Requests that differ only in which tokens they keep share the counts. The attributes are those
    of `VocabularyRequest`.
    """

    columns: tuple[str, ...]
    separator: str | None
    delimiter: str | None
    made: tuple[MadeTokens, ...]
    rows: bool
    boundaries: tuple[tuple[str, tuple[float, ...]], ...]
    companion: Companion | None

    @classmethod
    def of(cls, request: VocabularyRequest) -> "CountedTokens":
        """Takes from a request what decides about the counts."""
        return cls(
            *(request.columns, request.separator, request.delimiter, request.made, request.rows),
            *(request.boundaries, request.companion),
        )

    def add_to(self, counts: TokenCounts, batch: pa.RecordBatch, made: Mapping[Any, pa.LargeListArray]) -> None:
        """Counts the tokens of a block's rows.

        Args:
            counts: Counts them.
            batch: The raw columns.
            made: The tokens that the graph makes of each row, for the `made` of all requests.
        """
        if not self.made:
            for array in self._cells(batch):
                counts.update(array, self.delimiter)
        for each in self.made:
            if self.rows:
                counts.add(row_counts(made[each]))
            else:
                counts.update(made[each].flatten())

    def distinct(
        self, batch: pa.RecordBatch, made: Mapping[Any, pa.LargeListArray]
    ) -> tuple[pa.Array, npt.NDArray[np.int64]]:
        """Finds the tokens that rows have, each once.

        Args:
            batch: See `add_to`.
            made: See `add_to`.

        Returns:
            The tokens, and their rows.
        """
        if self.made:
            lists = [made[each] for each in self.made]
            rows = np.concatenate([to_numpy(pc.list_parent_indices(each)).astype(np.int64) for each in lists])
            texts = pa.concat_arrays([pc.list_flatten(each).cast(pa.binary()) for each in lists])
            return distinct_in_rows(null_if_empty(texts), rows)
        every = np.arange(batch.num_rows)
        cells = [null_if_empty(to_binary(array)) for array in self._cells(batch)]
        if self.delimiter is not None:
            split = [split_elements(each, self.delimiter) for each in cells]
            rows, texts = np.concatenate([rows for rows, _ in split]), pa.concat_arrays([texts for _, texts in split])
            return distinct_in_rows(null_if_empty(texts), rows)
        if len(cells) == 1:
            return cells[0], every
        return distinct_in_rows(pa.concat_arrays(cells), np.tile(every, len(cells)))

    def _cells(self, batch: pa.RecordBatch) -> list[pa.Array]:
        """The cells or crosses that are counted."""
        edges = dict(self.boundaries)
        arrays = [bucketed(batch.column(name), edges.get(name)) for name in self.columns]
        return arrays if self.separator is None else [cross(arrays, self.separator)]
