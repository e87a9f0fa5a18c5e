"""Checks of dates and times against a column's domain."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import pyarrow as pa
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.feature_stats import Statistics
from shardmill.schemas.inference.date_formats import fit_format
from shardmill.schemas.validation.column_statistics import counts_of, has_numbers
from shardmill.schemas.validation.reasons import Info, Reason, shares

# The share of texts that may be no time of the format.
_MOST_OTHERS = 0.01
# Seconds since 1970 from which to which there are years of four digits.
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
_UNITS = {
    schema_pb2.TimeDomain.UNIX_DAYS: ("days", 1 / 86_400),
    schema_pb2.TimeDomain.UNIX_SECONDS: ("seconds", 1.0),
    schema_pb2.TimeDomain.UNIX_MILLISECONDS: ("milliseconds", 1e3),
    schema_pb2.TimeDomain.UNIX_MICROSECONDS: ("microseconds", 1e6),
}


def is_format(layout: str) -> bool:
    """Whether a text is a format of `strptime`."""
    try:
        datetime.strptime("", layout)  # noqa: DTZ007  (no time is made)
    except (ValueError, re.error) as error:
        return "does not match format" in str(error)
    return True


def time_reasons(domain: schema_pb2.TimeDomain | schema_pb2.TimeOfDayDomain, column: Statistics) -> Iterator[Reason]:
    """Checks a column's dates and times.

    TFDV has no kind of anomaly for them but that of a domain which became another.

    Args:
        domain: The format of the column's times.
        column: The column's statistics.
    """
    if domain.string_format and column.type == Statistics.STRING and is_format(domain.string_format):
        yield from _texts(domain.string_format, counts_of(column))
    elif isinstance(domain, schema_pb2.TimeDomain) and domain.integer_format in _UNITS and has_numbers(column):
        unit, each = _UNITS[domain.integer_format]
        low, high = column.num_stats.min, column.num_stats.max
        if low < _FIRST * each or high > _LAST * each:
            yield Reason(
                Info.SEMANTIC_DOMAIN_UPDATE,
                "Unexpected times",
                f"Expected {unit} since 1970, found {low:.6g} to {high:.6g}, not all of which are in the years 1 to 9999",
            )


def _texts(layout: str, counts: Mapping[str, float]) -> Iterator[Reason]:
    fitting = _fitting(list(counts), layout)
    others = {text: count for text, count in counts.items() if text not in fitting}
    total = sum(counts.values())
    if sum(others.values()) > _MOST_OTHERS * total:
        yield Reason(
            Info.SEMANTIC_DOMAIN_UPDATE,
            "Unexpected times",
            f"Expected times as {layout!r}, found {shares(others, total)}",
        )


def _fitting(texts: list[str], layout: str) -> frozenset[str]:
    """The texts that are times of a format."""
    filled = [text for text in texts if text]
    known = fit_format(pa.array(filled, pa.string()), layout) if filled else ()
    return frozenset(text for text, fits in zip(filled, known, strict=True) if fits or _parses(text, layout))


def _parses(text: str, layout: str) -> bool:
    try:
        datetime.strptime(text, layout)  # noqa: DTZ007  (no time is kept)
    except ValueError:
        return False
    return True
