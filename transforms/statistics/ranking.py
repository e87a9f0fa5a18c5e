"""Vocabularies ranked in a stream, from ranked parts.

No more than a batch of each part is in memory.
"""

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import pyarrow as pa

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.errors import DataError
from shardmill.schemas.feature_stats import RANKS
from shardmill.schemas.messages import shortened
from shardmill.transforms.statistics.requests import VocabularyRequest
from shardmill.transforms.statistics.token_files import Sections
from shardmill.transforms.statistics.tokens import SCHEMA, rank_column, select, write_counted, write_tokens

# A token's score or count, and its bytes: of two tokens, the greater one has the smaller id.
_Rank = tuple[float, bytes]


@dataclass(frozen=True)
class Selected:
    """The tokens that one hash partition has for a vocabulary.

    Partitions share no tokens, so each can be truncated independently.

    Attributes:
        name: The vocabulary's name.
        sections: The tokens that may be in the vocabulary, in the order of their ids.
        distinct: The number of distinct tokens in the partition, in the vocabulary or not.
        total: The number of tokens counted in the partition.
        bits: The number of bits of the hash by which all tokens were partitioned.
        index: The partition's index, from 0 to 2**bits - 1.
        top: A table of counts of its most frequent tokens, at most `RANKS`, in the order of ids.
            None means that `sections` have them.
    """

    name: str
    sections: Sections
    distinct: int
    total: int
    bits: int
    index: int
    top: pa.Table | None = None


@dataclass(frozen=True)
class RankedVocabulary:
    """A vocabulary whose file has been written.

    Attributes:
        size: The number of its tokens.
        top: The table of counts of its first tokens, at most `RANKS` of them; where tokens are
            whole cells, of the most frequent ones, in the vocabulary or not.
        distinct: The number of distinct tokens counted, in the vocabulary or not.
        total: The number of tokens counted.
    """

    size: int
    top: pa.Table
    distinct: int
    total: int


def write_vocabulary(
    stream: BinaryIO,
    counts: BinaryIO,
    request: VocabularyRequest,
    parts: Iterable[Selected],
    counted: BinaryIO | None = None,
    facts: BinaryIO | None = None,
) -> RankedVocabulary:
    """Writes a vocabulary's tokens in the order of their ids.

    Args:
        stream: The file of the tokens, one a line.
        counts: The file of their counts, int64 in little-endian order.
        request: The request for the vocabulary.
        parts: What all its hash partitions have for it; none if no token was counted.
        counted: The file of both, as `write_counted` writes it. None means that there is none.
        facts: The file of the tokens' `parts`. None means that there is none.

    Raises:
        DataError: A part's file can't be read, or some partition is missing or there twice.
    """
    parts = list(parts)
    _check_parts(request.name, parts)
    size, top = 0, SCHEMA.empty_table()
    for table in merge_ranked([part.sections.tables() for part in parts]):
        kept = table if request.top_k is None else table.slice(0, request.top_k - size)
        if not kept.num_rows:
            break
        if top.num_rows < RANKS:
            top = pa.concat_tables([top, kept.select(SCHEMA.names)]).slice(0, RANKS)
        write_tokens(stream, kept)
        counts.write(to_numpy(kept["count"]).astype("<i8").data)
        if counted is not None:
            write_counted(counted, kept)
        if facts is not None:
            for part in kept["parts"].chunks:
                width = part.type.byte_width
                facts.write(part.buffers()[1].slice(part.offset * width, len(part) * width))
        size += kept.num_rows
    if cut := [part.top for part in parts if part.top is not None]:
        top = select(pa.concat_tables(cut), RANKS)
    distinct, total = sum(part.distinct for part in parts), sum(part.total for part in parts)
    # A copy: it stays in memory, and mustn't hold a batch.
    return RankedVocabulary(size, top.take(pa.array(range(top.num_rows), pa.int64())), distinct, total)


def _check_parts(name: str, parts: Sequence[Selected]) -> None:
    """Checks that parts have every token once.

    An engine that loses some parts may partition anew to make these again. How finely depends on
    how the counts were written, which the order of work decides, so they may not fit the others.
    """
    received = sorted((part.bits, part.index) for part in parts)
    bits = received[-1][0] if received else 0
    if received and received != [(bits, index) for index in range(1 << bits)]:
        found = ", ".join(f"{index + 1} of {1 << each}" for each, index in received)
        raise DataError(
            f"vocabulary {name!r}: expected each of {1 << bits} partitions once, received {shortened(found)}; run again"
        )


def merge_ranked(sources: Iterable[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Merges tables that are in the order of ids.

    Args:
        sources: The parts, each as consecutive tables of counts. No token is in two of them.

    Yields:
        Tables whose rows, one after the other, are all rows in the order of ids.
    """
    heads = [head for source in sources if (head := _Head(source)).filled()]
    while heads:
        # Of all that is still to come, nothing ranks above the last row of some head.
        limit = max(head.last for head in heads)
        yield select(pa.concat_tables([head.take(limit) for head in heads]))
        heads = [head for head in heads if head.filled()]


class _Head:
    """The next rows of a source."""

    def __init__(self, source: Iterator[pa.Table]) -> None:
        self._source = source
        self._rows = SCHEMA.empty_table()
        self._least = 0

    def filled(self) -> bool:
        """Reads on if few rows are left.

        With no less than half a table of each source at hand, a step of the merge takes about as
        much of all of them.

        Returns:
            Whether there are rows.
        """
        while self._rows.num_rows <= self._least and (table := next(self._source, None)) is not None:
            self._rows = pa.concat_tables([self._rows, table]) if self._rows.num_rows else table
            self._least = table.num_rows // 2
        return bool(self._rows.num_rows)

    @property
    def last(self) -> _Rank:
        """The rank of the last of the rows."""
        return self._rank(self._rows.num_rows - 1)

    def take(self, limit: _Rank) -> pa.Table:
        """Takes out rows that rank no lower than a limit."""
        # False is less than True.
        count = bisect.bisect_left(range(self._rows.num_rows), 1, key=lambda row: self._rank(row) < limit)
        taken, self._rows = self._rows.slice(0, count), self._rows.slice(count)
        return taken

    def _rank(self, row: int) -> _Rank:
        return self._rows[rank_column(self._rows)][row].as_py(), self._rows["token"][row].as_py()
