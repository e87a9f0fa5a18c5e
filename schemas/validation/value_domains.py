"""Checks of values against a column's domain."""

import math
import re
from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.feature_stats import Statistics
from shardmill.schemas.messages import listed, quoted
from shardmill.schemas.validation.column_statistics import common_of, counts_of, has_numbers
from shardmill.schemas.validation.reasons import Info, Reason, shares
from shardmill.schemas.validation.schema_mistakes import domain_of, fits
from shardmill.schemas.validation.time_domains import time_reasons

_RANGE = "Out-of-range values"
_INVALID = "Invalid values"
_NOT_BOOLEAN = "Non-boolean values"
# int64's values.
_WHOLE = re.compile(r"[-+]?\d+")


def domain_reasons(schema: schema_pb2.Schema, feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks a column's values against its domain.

    Args:
        schema: The schema, which may hold the domain.
        feature: What it says of the column.
        column: The column's statistics.
    """
    kind = feature.WhichOneof("domain_info")
    if not fits(feature):
        return
    if kind in ("domain", "string_domain"):
        domain = domain_of(schema, feature)
        if domain is not None:
            yield from _texts(feature, column, domain)
    elif kind == "int_domain":
        yield from _integers(feature.int_domain, column)
    elif kind == "float_domain":
        yield from _floats(feature.float_domain, column)
    elif kind == "bool_domain":
        yield from _booleans(feature.bool_domain, column)
    elif kind in ("time_domain", "time_of_day_domain"):
        yield from time_reasons(getattr(feature, kind), column)


def _texts(feature: schema_pb2.Feature, column: Statistics, domain: schema_pb2.StringDomain) -> Iterator[Reason]:
    if column.string_stats.invalid_utf8_count:
        yield Reason(Info.ENUM_TYPE_INVALID_UTF8, "Invalid UTF8 strings", "Some values aren't UTF-8 text")
        return
    known = set(domain.value)
    unexpected = {value: count for value, count in counts_of(column).items() if value not in known}
    total = common_of(column).tot_num_values
    constraints = feature.distribution_constraints
    # A float32 in the schema: 0.95 there isn't a double's.
    most = 1 - constraints.min_domain_mass if feature.HasField("distribution_constraints") else 0.0
    found = sum(unexpected.values())
    if not unexpected or not total or (most > 0 and found / total <= most):
        return
    allowed = f" ({most:.3g} of the values may be)" if most > 0 else ""
    yield Reason(
        Info.ENUM_TYPE_UNEXPECTED_STRING_VALUES,
        "Unexpected string values",
        f"Values that the schema doesn't have{allowed}: {shares(unexpected, total)}",
    )


def _integers(domain: schema_pb2.IntDomain, column: Statistics) -> Iterator[Reason]:
    if column.type == Statistics.INT:
        if not has_numbers(column):
            return
        low, high = int(column.num_stats.min), int(column.num_stats.max)
    else:
        texts = list(counts_of(column))
        wrong = [text for text in texts if not _WHOLE.fullmatch(text)]
        if wrong:
            yield Reason(Info.INT_TYPE_NOT_INT_STRING, _INVALID, f"Expected integers, found {listed(sorted(wrong))}")
            return
        if not texts:
            return
        low, high = min(map(int, texts)), max(map(int, texts))
    if domain.HasField("min") and low < domain.min:
        yield Reason(Info.INT_TYPE_SMALL_INT, _RANGE, f"The least value is {low}, below the schema's {domain.min}")
    if domain.HasField("max") and high > domain.max:
        yield Reason(Info.INT_TYPE_BIG_INT, _RANGE, f"The greatest value is {high}, above the schema's {domain.max}")


def _floats(domain: schema_pb2.FloatDomain, column: Statistics) -> Iterator[Reason]:
    if column.type == Statistics.FLOAT:
        if domain.disallow_nan and any(each.num_nan for each in column.num_stats.histograms):
            yield Reason(Info.FLOAT_TYPE_HAS_NAN, _INVALID, "Some values are NaN")
        if not has_numbers(column):
            return
        low, high = column.num_stats.min, column.num_stats.max
    else:
        texts = list(counts_of(column))
        numbers = {text: _number(text) for text in texts}
        wrong = [text for text, number in numbers.items() if number is None]
        if wrong:
            yield Reason(Info.FLOAT_TYPE_STRING_NOT_FLOAT, _INVALID, f"Expected numbers, found {listed(sorted(wrong))}")
            return
        values = [number for number in numbers.values() if number is not None and not math.isnan(number)]
        if domain.disallow_nan and len(values) < len(numbers):
            yield Reason(Info.FLOAT_TYPE_HAS_NAN, _INVALID, "Some values are NaN")
        if not values:
            return
        low, high = min(values), max(values)
    if domain.HasField("min") and low < domain.min:
        yield Reason(
            Info.FLOAT_TYPE_SMALL_FLOAT, _RANGE, f"The least value is {low:.6g}, below the schema's {domain.min:.6g}"
        )
    if domain.HasField("max") and high > domain.max:
        yield Reason(
            Info.FLOAT_TYPE_BIG_FLOAT, _RANGE, f"The greatest value is {high:.6g}, above the schema's {domain.max:.6g}"
        )
    if domain.disallow_inf and (math.isinf(low) or math.isinf(high)):
        yield Reason(Info.FLOAT_TYPE_HAS_INF, _INVALID, "Some values are infinite")


def _number(text: str) -> float | None:
    """The number that a text spells, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def _booleans(domain: schema_pb2.BoolDomain, column: Statistics) -> Iterator[Reason]:
    stats = column.num_stats
    if column.type == Statistics.INT and has_numbers(column):
        if stats.min < 0:
            yield Reason(Info.BOOL_TYPE_SMALL_INT, _NOT_BOOLEAN, f"Expected 0 and 1, found {stats.min:.6g}")
        elif stats.max > 1:
            yield Reason(Info.BOOL_TYPE_BIG_INT, _NOT_BOOLEAN, f"Expected 0 and 1, found {stats.max:.6g}")
    elif column.type == Statistics.FLOAT and has_numbers(column):
        wrong = next((value for value in (stats.min, stats.max) if value not in (0, 1)), None)
        if wrong is not None or _between(column):
            found = "values between them" if wrong is None else f"{wrong:.6g}"
            yield Reason(Info.BOOL_TYPE_UNEXPECTED_FLOAT, _NOT_BOOLEAN, f"Expected 0 and 1, found {found}")
    elif column.type == Statistics.STRING:
        known = [
            value
            for value, given in ((domain.true_value, "true_value"), (domain.false_value, "false_value"))
            if domain.HasField(given)
        ]
        unexpected = sorted(set(counts_of(column)).difference(known))
        if unexpected:
            expected = " and ".join(map(quoted, known)) or "no value"
            yield Reason(
                Info.BOOL_TYPE_UNEXPECTED_STRING, _NOT_BOOLEAN, f"Expected {expected}, found {listed(unexpected)}"
            )


def _between(column: Statistics) -> bool:
    """Whether histograms tell of values between 0 and 1."""
    return any(
        bucket.sample_count > 0 and bucket.low_value > 0 and bucket.high_value < 1
        for histogram in column.num_stats.histograms
        for bucket in histogram.buckets
    )
