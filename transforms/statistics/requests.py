"""What features ask of the analysis, and what it answers: plain data that pickles."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shardmill.transforms.statistics.pre import Pre
from shardmill.transforms.statistics.quantiles import Ranked


@dataclass(frozen=True)
class NumericRequest:
    """Asks for a numeric column's statistics.

    Attributes:
        column: The raw column, INT or FLOAT.
        pre: Applied in order to each value before it is counted; an INT column becomes float32 first. Without any, an INT
            column's statistics are of its int64 values.
        quantiles: Whether `NumericStats.ranked` is wanted.
    """

    column: str
    pre: tuple[Pre, ...] = ()
    quantiles: bool = False


@dataclass(frozen=True)
class VocabularyRequest:
    r"""Asks for the distinct tokens of columns, most frequent first.

    Tokens of an INT column are its decimal text. Empty tokens and those with `\n` or `\r` aren't counted, as in TF Transform.

    Attributes:
        name: The vocabulary's name.
        columns: The raw columns, INT or BYTES.
        top_k: At most that many tokens are kept.
        frequency_threshold: Only tokens seen at least that often are kept.
        separator: A row's token is its columns' values joined by this, and a row with a missing one of them has none (a
            cross). None: the columns' tokens are pooled.
        delimiter: A cell holds several tokens, apart by this. None: a cell is one token.
    """

    name: str
    columns: tuple[str, ...]
    top_k: int | None = None
    frequency_threshold: int | None = None
    separator: str | None = None
    delimiter: str | None = None


@dataclass(frozen=True)
class NumericStats:
    """A numeric column's statistics, of its present values after `NumericRequest.pre`; moments skip non-finite values.

    Attributes:
        count: Finite values.
        missing: Values that are null or NaN.
        non_finite: Infinite values.
        zeros: Values equal to 0.
        mean: 0 where `count` is 0.
        variance: Biased (ddof 0); 0 where `count` is 0.
        minimum: 0 where `count` is 0; of an INT column without `pre` the int itself, which a float may not hold.
        maximum: Likewise.
        ranked: The distinct finite values with their ranks; None where no quantiles were requested.
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
    r"""A vocabulary.

    Attributes:
        name: As in the request.
        path: A file with the tokens in the order of their ids, each ended by `\n`.
        size: How many tokens it has.
        total: How many tokens were counted before any was left out.
        most_common: The most frequent token; of several, the greatest by bytes (the first in the file's order). None where
            there are none.
    """

    name: str
    path: str
    size: int
    total: int = 0
    most_common: str | None = None


@dataclass(frozen=True)
class Statistics:
    """All that the analysis found.

    Attributes:
        numeric: The answer to each numeric request.
        vocabularies: The answer to each vocabulary request, by the vocabulary's name.
        rows: Rows analyzed.
        missing: Missing values of each column read.
    """

    numeric: Mapping[NumericRequest, NumericStats] = field(default_factory=dict)
    vocabularies: Mapping[str, VocabularyStats] = field(default_factory=dict)
    rows: int = 0
    missing: Mapping[str, int] = field(default_factory=dict)
