"""Guesses the dialect of CSV files from their beginnings.

The beginnings of a few files are enough for `shardmill init`, whose user can correct the guess.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_cells import guess_cells, is_padded
from shardmill.transforms.sniff.guess_encoding import guess_encoding
from shardmill.transforms.sniff.guess_header import has_header
from shardmill.transforms.sniff.guess_nulls import guess_nulls
from shardmill.transforms.sniff.guess_top import guess_top
from shardmill.transforms.sniff.samples import Sample, decode, records_of, usual_width

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Sniffed:
    """A guessed dialect.

    Attributes:
        dialect: The dialect.
        decisions: What was guessed, and why, in the order of the dialect's fields. Empty where
            there was nothing to go by.
    """

    dialect: Dialect
    decisions: tuple[Decision, ...] = ()


def sniff(samples: Sequence[Sample], given: Mapping[str, Any] = _NOTHING) -> Sniffed:
    """Guesses the dialect that files share.

    Where they have no header, columns are named `column_1`, `column_2` and so on.

    Args:
        samples: The beginnings of a few files; empty ones say nothing.
        given: Fields of the dialect that are known; the others are guessed to fit them.

    Returns:
        The dialect, the default one where there is nothing to go by, and what was decided.

    Raises:
        DataError: A file isn't text, or its encoding can't be told.
    """
    samples = [sample for sample in samples if sample.data.strip(b"\xef\xbb\xbf \r\n\t")]
    if not samples:
        return Sniffed(Dialect(**given))
    decisions: list[Decision] = []
    dialect = Dialect(**given)
    if "encoding" not in given:
        encoding, decision = guess_encoding(samples)
        dialect = replace(dialect, encoding=encoding)
        decisions.append(decision)
    texts = [decode(sample, dialect.encoding) for sample in samples]
    dialect = guess_cells(texts, dialect, given)
    dialect = replace(dialect, **{**guess_top(texts, dialect, given), **given})
    files = [records_of(text, dialect) for text in texts]
    dialect = replace(dialect, **{"trim": is_padded([row for rows in files for row in rows]), **given})
    if dialect.trim:
        files = [[[cell.strip() for cell in row] for row in rows] for rows in files]
    header = given.get("header", has_header(files))
    body = [row for rows in files for row in rows[int(header) :]]
    dialect = replace(dialect, **{"null_values": guess_nulls(body), **given})
    if header:
        return Sniffed(dialect, tuple(decisions))
    columns = tuple(f"column_{number}" for number in range(1, usual_width(body) + 1))
    return Sniffed(replace(dialect, header=False, columns=given.get("columns") or columns), tuple(decisions))
