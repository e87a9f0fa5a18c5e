"""Requests of features to the analysis, and its answers.

All of it is plain data that pickles.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.distributions.group_moments import KeyMoments
from shardmill.transforms.distributions.joint_tokens import Companion
from shardmill.transforms.numbers.pre import Pre
from shardmill.transforms.statistics.quantiles import Ranked


@dataclass(frozen=True)
class NumericRequest:
    """A request for a numeric column's statistics.

    Attributes:
        column: The raw column, INT or FLOAT.
        pre: Operations applied in order to each value before it is counted; an INT column becomes
            float32 first. Without any, an INT column's statistics are of its int64 values.
        quantiles: Whether to compute `NumericStats.ranked`.
    """

    column: str
    pre: tuple[Pre, ...] = ()
    quantiles: bool = False


class Made(Hashable, Protocol):
    """Values that the graph makes of a row's columns.

    The analysis counts them; the code that makes them is that of the transform graph. Equal ones
    make the same values.
    """

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns."""

    def make(self, trace: Any) -> Any:
        """The values of each row.

        Args:
            trace: The `Trace` of the graph.

        Returns:
            A number, float32[batch], NaN where missing; or tokens, a RaggedTensor string[batch,
            None].
        """


@dataclass(frozen=True)
class ComputedRequest:
    """A request for the statistics of computed numbers.

    Attributes:
        numbers: The numbers.
        quantiles: Whether to compute `NumericStats.ranked`.
    """

    numbers: Made
    quantiles: bool = False

    @property
    def made(self) -> tuple[Made, ...]:
        """The values that the graph makes."""
        return (self.numbers,)


class TokenMaker(Protocol):
    """Makes tokens of a column's text, in a graph.

    The same code makes those that the analysis counts and those that the transform graph looks up.
    It is hashable, and equal makers make equal tokens.
    """

    def make(self, trace: Any, texts: Any) -> Any:
        """The tokens of each text.

        Args:
            trace: The `Trace` of the graph.
            texts: string[batch]; missing ones are empty.

        Returns:
            A RaggedTensor, string[batch, None].
        """


@dataclass(frozen=True)
class MadeTokens:
    """The tokens that a maker makes of a column.

    See `Made`.

    Attributes:
        column: The column, INT or BYTES.
        maker: The maker.
    """

    column: str
    maker: TokenMaker

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Made.columns`."""
        return (self.column,)

    def make(self, trace: Any) -> Any:
        """See `Made.make`."""
        return self.maker.make(trace, trace.text(self.column))


@dataclass(frozen=True)
class VocabularyRequest:
    r"""A request for the distinct tokens of columns.

    Tokens are ordered by descending count, or by the score that a companion gives them.

    Tokens of an INT column are its decimal text. Empty tokens and those with `\n` or `\r` aren't
    counted, as in TF Transform.

    Attributes:
        name: The vocabulary's name.
        columns: The raw columns, INT or BYTES.
        top_k: The most tokens kept. None means no limit.
        frequency_threshold: The least count of a token that is kept. None means no limit.
        separator: Makes a cross: a row's token is its columns' values joined by this text, and a
            row in which one is missing has none. None means that the columns' tokens are pooled.
        delimiter: The text that separates the tokens of a cell. None means that a cell is one
            token.
        maker: Makes the tokens of a cell in the graph. None means that the cells themselves are
            counted, as `separator` and `delimiter` say.
        rows: Whether to count, rather than the tokens, the rows that have each of them.
        boundaries: Of a cross, columns of numbers whose tokens are the indices of buckets, each
            with the buckets' ascending boundaries; see `Trace.buckets`.
        keeps_counts: Whether the run keeps the tokens' counts.
        companion: What tokens are counted with. The rows that have each of them are counted then.
            None means nothing.
    """

    name: str
    columns: tuple[str, ...]
    top_k: int | None = None
    frequency_threshold: int | None = None
    separator: str | None = None
    delimiter: str | None = None
    maker: TokenMaker | None = None
    rows: bool = False
    boundaries: tuple[tuple[str, tuple[float, ...]], ...] = ()
    keeps_counts: bool = False
    companion: Companion | None = None

    @property
    def counts_cells(self) -> bool:
        """Whether the tokens are the cells of one column."""
        other = self.delimiter is not None or self.maker is not None or self.boundaries or self.companion is not None
        return len(self.columns) == 1 and not other

    @property
    def made(self) -> tuple[MadeTokens, ...]:
        """The tokens that the graph makes, by column."""
        return () if self.maker is None else tuple(MadeTokens(column, self.maker) for column in self.columns)


@dataclass(frozen=True)
class GroupRequest:
    """A request for a number's moments by key.

    Attributes:
        column: The number's column, INT or FLOAT; an INT column becomes float32 first.
        key: The key's column, INT or BYTES.
        pre: Operations applied to the number first; see `NumericRequest`.
    """

    column: str
    key: str
    pre: tuple[Pre, ...] = ()


Request = NumericRequest | ComputedRequest | VocabularyRequest | GroupRequest


def check_requests(requests: Sequence[Request], columns: Sequence[Column]) -> None:
    """Checks that requests are of columns that are read.

    Raises:
        ValueError: One names a column that isn't among them or is of the wrong type.
    """
    types = {column.name: column.type for column in columns}
    for request in requests:
        for name, unfit, wanted in _needs(request):
            if name not in types:
                raise ValueError(f"{request!r}: expected a column among those read ({list(types)}), received {name!r}")
            if types[name] is unfit:
                raise ValueError(
                    f"{request!r}: expected a column of {wanted}, received {name!r}, which is {types[name].name}"
                )


def _needs(request: Request) -> Iterator[tuple[str, ColumnType | None, str]]:
    """A request's columns, each with an unfit type.

    None means that it isn't known here.
    """
    if isinstance(request, ComputedRequest):
        yield from ((name, None, "") for name in request.numbers.columns)
        return
    if not isinstance(request, VocabularyRequest):
        yield request.column, ColumnType.BYTES, "numbers"
    names = request.columns if isinstance(request, VocabularyRequest) else ()
    bucketed = dict(request.boundaries) if isinstance(request, VocabularyRequest) else {}
    for name in (request.key,) if isinstance(request, GroupRequest) else names:
        if name in bucketed:
            yield name, ColumnType.BYTES, "numbers"
        else:
            yield name, ColumnType.FLOAT, "text or integers"


@dataclass(frozen=True)
class NumericStats:
    """The statistics of a numeric column, or of computed numbers.

    They are of present values, those of a column after `NumericRequest.pre`; moments skip
    non-finite values.

    Attributes:
        count: Finite values.
        missing: Values that are null or NaN.
        non_finite: Infinite values.
        zeros: Values equal to 0.
        mean: 0 where `count` is 0.
        variance: Biased (ddof 0); 0 where `count` is 0.
        minimum: 0 where `count` is 0. For an INT column without `pre` it is an int, since a float
            may not hold it exactly.
        maximum: Likewise.
        ranked: The distinct finite values with their ranks. None means that no quantiles were
            requested.
    """

    count: int = 0
    missing: int = 0
    non_finite: int = 0
    zeros: int = 0
    mean: float = 0.0
    variance: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0
    ranked: Ranked | None = None


@dataclass(frozen=True)
class VocabularyStats:
    r"""A vocabulary: its file, size and most frequent token.

    Attributes:
        name: The vocabulary's name, as in the request.
        path: A file with the tokens in the order of their ids, each ended by `\n`.
        size: The number of tokens in the file.
        total: The number of tokens counted, before any was left out.
        most_common: The most frequent token; of several, the greatest by bytes (the first in the
            file's order). None means that there are no tokens, or that scores rank them.
        counts: A file with each token's count, int64 in little-endian order. The empty text means
            that none were counted: a file gave the tokens.
        parts: A file with what a companion has for each token: the bytes of `parts`. The empty text
            means that there is none.
    """

    name: str
    path: str
    size: int
    total: int = 0
    most_common: str | None = None
    counts: str = ""
    parts: str = ""

    def token_counts(self) -> npt.NDArray[np.int64]:
        """int64 [size]: each token's count, in the ids' order."""
        return np.frombuffer(Path(self.counts).read_bytes(), "<i8").astype(np.int64)


@dataclass(frozen=True)
class Statistics:
    """All results of the analysis.

    Attributes:
        numeric: The statistics that answer each numeric request.
        vocabularies: The vocabularies that answer the requests, by name.
        rows: Rows analyzed.
        missing: Missing values of each column read.
        groups: The moments by key that answer the requests; empty if no row has a finite number.
        totals: The counts of all rows' facts, by vocabularies with a companion.
    """

    numeric: Mapping[NumericRequest | ComputedRequest, NumericStats] = field(default_factory=dict)
    vocabularies: Mapping[str, VocabularyStats] = field(default_factory=dict)
    rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
    groups: Mapping[GroupRequest, tuple[KeyMoments, ...]] = field(default_factory=dict)
    totals: Mapping[str, pa.Table] = field(default_factory=dict)
