"""Presence and domains of columns, inferred from their cells.

They are for people to read, and for `shardmill validate` to hold new data against. A domain that
raises an alarm each day is worse than none, so nothing is written that new data of the same kind
may leave: docs/validate.md tells each rule.
"""

import math
from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.inference.column_evidence import ColumnEvidence
from shardmill.schemas.inference.date_formats import is_date
from shardmill.schemas.inference.least_present import least_present, least_share
from shardmill.schemas.inference.name_words import is_identifier, words_of
from shardmill.schemas.inference.number_ranges import are_flags, natural_range

# How truth is spelled, and untruth.
_WORDS = (("true", "false"), ("yes", "no"))
_LETTERS = (("T", "F"), ("t", "f"), ("Y", "N"), ("y", "n"))
_SPELLED = tuple(
    (style(true), style(false)) for true, false in _WORDS for style in (str.lower, str.capitalize, str.upper)
)
# Cells for each value of a domain, at the least.
_CELLS_PER_VALUE = 5
# Words of a text that is free, and those of the texts that have so many.
_FREE_WORDS = 5
_FREE_SHARE = 0.5
# Numbers of moments since 1970, from 1990 to 2099, and the words of their columns' names.
_MOMENT_WORDS = frozenset({"epoch", "timestamp", "ts", "unix"})
_MOMENTS = {
    schema_pb2.TimeDomain.UNIX_SECONDS: (631_152_000, 4_102_444_799),
    schema_pb2.TimeDomain.UNIX_MILLISECONDS: (631_152_000_000, 4_102_444_799_999),
}


def add_domains(schema: schema_pb2.Schema, columns: Mapping[str, ColumnEvidence]) -> None:
    """Adds presence and domains to a schema.

    Columns that have a domain keep theirs.

    Args:
        schema: The schema, changed in place.
        columns: The facts about the columns whose types were inferred, by name. Others are the
            user's to describe.
    """
    for feature in schema.feature:
        found = columns.get(feature.name)
        if found is None or not found.present:
            continue
        least = least_present(found.present, found.present + found.missing)
        if least and not feature.HasField("presence"):
            feature.presence.min_fraction, feature.presence.min_count = least, 1
        if feature.WhichOneof("domain_info") is None:
            if feature.type == schema_pb2.BYTES:
                _describe_texts(schema, feature, found)
            elif found.extremes is not None:
                _describe_numbers(feature, found, *found.extremes)


def _describe_texts(schema: schema_pb2.Schema, feature: schema_pb2.Feature, found: ColumnEvidence) -> None:
    values = found.values or frozenset()
    if pair := _booleans(values):
        feature.bool_domain.true_value, feature.bool_domain.false_value = pair
    elif found.has_dates:
        if found.date_format is not None:
            domain = feature.time_domain if is_date(found.date_format) else feature.time_of_day_domain
            domain.string_format = found.date_format
    elif values and found.present >= _CELLS_PER_VALUE * len(values) and not is_identifier(feature.name):
        feature.domain = feature.name
        schema.string_domain.add(name=feature.name, value=sorted(values))
        feature.distribution_constraints.min_domain_mass = 1 - _share_of_new(len(values), found.present)
    elif _are_free(found.samples):
        feature.natural_language_domain.SetInParent()


def _booleans(values: frozenset[str]) -> tuple[str, str] | None:
    """The spellings of true and false, if values are these.

    One of two words is enough, since it says what the other is.
    """
    if not values:
        return None
    words = next((pair for pair in _SPELLED if values <= set(pair)), None)
    return words or next((pair for pair in _LETTERS if values == set(pair)), None)


def _share_of_new(values: int, cells: int) -> float:
    """The largest share of new values to expect, by cells.

    It is about the share of cells whose value was seen once (Good 1953, "The population frequencies
    of species and the estimation of population parameters"). Those are at most as many as there are
    values. As many new cells may have more by chance. The share is rounded up to two digits.
    """
    share = 1 - least_share(cells - values, cells, cells)
    unit = 10.0 ** (math.floor(math.log10(share)) - 1)
    return math.ceil(share / unit - 1e-9) * unit


def _are_free(texts: tuple[str, ...]) -> bool:
    """Whether texts are of many words."""
    return sum(len(text.split()) >= _FREE_WORDS for text in texts) > _FREE_SHARE * len(texts)


def _describe_numbers(feature: schema_pb2.Feature, found: ColumnEvidence, low: float, high: float) -> None:
    integer = feature.type == schema_pb2.INT
    if integer and (moments := _moments(feature.name, low, high)):
        feature.time_domain.integer_format = moments
    elif integer and are_flags(feature.name, low, high, found.present):
        feature.bool_domain.SetInParent()
    elif limits := natural_range(feature.name, low, high, found.present, integer=integer):
        domain = feature.int_domain if integer else feature.float_domain
        domain.min = limits.low
        if limits.high is not None:
            domain.max = limits.high


def _moments(name: str, low: float, high: float) -> int | None:
    """The unit of integers that count from 1970."""
    if _MOMENT_WORDS.isdisjoint(words_of(name)):
        return None
    return next((unit for unit, (first, last) in _MOMENTS.items() if first <= low and high <= last), None)
