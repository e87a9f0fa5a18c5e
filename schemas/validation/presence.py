"""Checks of presence, numbers of values, distinct values and types."""

from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.feature_stats import Statistics
from shardmill.schemas.messages import listed
from shardmill.schemas.validation.column_statistics import (
    bad_cells,
    common_of,
    type_of,
)
from shardmill.schemas.validation.reasons import Info, Reason, share

_MISSING = "Too many missing values"


def value_count_reasons(feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks how many values rows have.

    A CSV file's cell holds one.

    Args:
        feature: What the schema says of the column.
        column: Its statistics.
    """
    common = common_of(column)
    wanted = feature.value_count
    if not feature.HasField("value_count") or not common.tot_num_values:
        return
    if wanted.HasField("min") and common.min_num_values < wanted.min:
        yield Reason(
            Info.FEATURE_TYPE_LOW_NUMBER_VALUES,
            "Missing values",
            f"Some rows have fewer values than expected: {common.min_num_values} instead of at least {wanted.min}",
        )
    if wanted.HasField("max") and common.max_num_values > wanted.max:
        yield Reason(
            Info.FEATURE_TYPE_HIGH_NUMBER_VALUES,
            "Superfluous values",
            f"Some rows have more values than expected: {common.max_num_values} instead of at most {wanted.max}",
        )


def shape_reasons(feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks whether a column can be a dense tensor.

    Args:
        feature: What the schema says of the column.
        column: Its statistics.
    """
    if not feature.HasField("shape"):
        return
    common = common_of(column)
    size = 1
    for dimension in feature.shape.dim:
        size *= dimension.size
    short = "Feature shape dropped"
    varies = common.min_num_values != common.max_num_values
    if varies or common.num_missing:
        found = "the number of values varies" if varies else f"{common.num_missing:,} rows have none"
        yield Reason(Info.INVALID_FEATURE_SHAPE, short, f"The schema has a fixed shape, but {found}")
    elif common.min_num_values != size:
        yield Reason(
            Info.INVALID_FEATURE_SHAPE, short, f"Rows have {common.min_num_values} values, but the shape holds {size}"
        )


def presence_reasons(feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks in how many rows a column has a value.

    Args:
        feature: What the schema says of the column.
        column: Its statistics.
    """
    wanted, common = feature.presence, common_of(column)
    present, missing = common.num_non_missing, common.num_missing
    if wanted.HasField("min_count") and present < wanted.min_count:
        yield Reason(
            Info.FEATURE_TYPE_LOW_NUMBER_PRESENT,
            "Too few values",
            f"Fewer rows have a value than expected: {present:,} instead of at least {wanted.min_count:,}",
        )
    if not wanted.HasField("min_fraction") or not present + missing:
        return
    if wanted.min_fraction == 1 and missing:
        rows = present + missing
        yield Reason(
            Info.FEATURE_TYPE_LOW_FRACTION_PRESENT,
            _MISSING,
            f"Every row should have a value, but {missing:,} of {rows:,} rows have none ({share(missing, rows)})",
        )
    elif present / (present + missing) < wanted.min_fraction:
        yield Reason(
            Info.FEATURE_TYPE_LOW_FRACTION_PRESENT,
            _MISSING,
            f"Fewer rows have a value than expected: a share of {present / (present + missing):.6g} instead of at "
            f"least {wanted.min_fraction:.6g}",
        )


def type_reasons(feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks a column's type.

    Args:
        feature: What the schema says of the column.
        column: Its statistics, perhaps with `BAD_CELLS`.
    """
    expected = schema_pb2.FeatureType.Name(feature.type)
    short = "Unexpected data type"
    if type_of(column) != feature.type:
        found = Statistics.Type.Name(column.type)
        yield Reason(Info.UNEXPECTED_DATA_TYPE, short, f"Expected data of type {expected}, but it is of type {found}")
        return
    count, samples = bad_cells(column)
    if count:
        common = common_of(column)
        present = common.num_non_missing
        yield Reason(
            Info.UNEXPECTED_DATA_TYPE,
            short,
            f"Expected data of type {expected}, but {count:,} of {present:,} cells ({share(count, present)}) "
            f"spell no such value: {listed(samples)}",
        )


def unique_reasons(feature: schema_pb2.Feature, column: Statistics) -> Iterator[Reason]:
    """Checks the number of distinct values.

    Args:
        feature: What the schema says of the column.
        column: Its statistics.
    """
    wanted = feature.unique_constraints
    if not feature.HasField("unique_constraints"):
        return
    if column.WhichOneof("stats") != "string_stats":
        yield Reason(
            Info.FEATURE_TYPE_NO_UNIQUE,
            "No unique values",
            "The schema has unique_constraints, but distinct values are counted of text alone",
        )
        return
    found = column.string_stats.unique
    if found < wanted.min:
        yield Reason(
            Info.FEATURE_TYPE_LOW_UNIQUE,
            "Low number of unique values",
            f"Expected at least {wanted.min:,} distinct values, but there are {found:,}",
        )
    if wanted.HasField("max") and found > wanted.max:
        yield Reason(
            Info.FEATURE_TYPE_HIGH_UNIQUE,
            "High number of unique values",
            f"Expected at most {wanted.max:,} distinct values, but there are {found:,}",
        )
