"""Mistakes of a schema itself."""

from collections import Counter
from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.messages import listed
from shardmill.schemas.validation.reasons import Info, Reason
from shardmill.schemas.validation.time_domains import is_format

_NUMBERS = (schema_pb2.INT, schema_pb2.FLOAT)
# The types of columns that a domain fits, by the domain's field. Other domains fit all.
_FITTING = {
    "domain": (schema_pb2.BYTES,),
    "string_domain": (schema_pb2.BYTES,),
    "bool_domain": (*_NUMBERS, schema_pb2.BYTES),
    "int_domain": (schema_pb2.INT, schema_pb2.BYTES),
    "float_domain": (schema_pb2.FLOAT, schema_pb2.BYTES),
    "struct_domain": (schema_pb2.STRUCT,),
    "natural_language_domain": (schema_pb2.BYTES, schema_pb2.INT),
    "image_domain": (schema_pb2.BYTES,),
    "mid_domain": (schema_pb2.BYTES,),
    "url_domain": (schema_pb2.BYTES,),
    "time_domain": (schema_pb2.INT, schema_pb2.BYTES),
    "time_of_day_domain": (schema_pb2.INT, schema_pb2.BYTES),
}


def domain_of(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> schema_pb2.StringDomain | None:
    """The domain of a column's texts.

    None means that it has none, or that the schema lacks the one it names.
    """
    if feature.WhichOneof("domain_info") == "domain":
        return next((each for each in schema.string_domain if each.name == feature.domain), None)
    return feature.string_domain if feature.HasField("string_domain") else None


def fits(feature: schema_pb2.Feature) -> bool:
    """Whether a column's domain fits its type."""
    kind = feature.WhichOneof("domain_info")
    return kind not in _FITTING or feature.type in _FITTING[kind]


def schema_mistakes(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Iterator[Reason]:
    """Yields what contradicts itself about a column.

    Args:
        schema: The schema.
        feature: The column's feature in it.
    """

    def invalid(problem: str) -> Reason:
        return Reason(Info.INVALID_SCHEMA_SPECIFICATION, "Invalid schema", f"The schema is wrong: {problem}")

    fraction = feature.presence.min_fraction
    if not 0 <= fraction <= 1:
        yield invalid(f"expected a presence.min_fraction from 0 to 1, received {fraction:g}")
    counts = feature.value_count
    if counts.HasField("max") and counts.max < counts.min:
        yield invalid(f"expected a value_count.max of at least its min ({counts.min}), received {counts.max}")
    kind = feature.WhichOneof("domain_info")
    if not fits(feature):
        found = schema_pb2.FeatureType.Name(feature.type)
        yield Reason(
            Info.DOMAIN_INVALID_FOR_TYPE,
            "The domain does not match the type",
            f"The schema is wrong: {kind} isn't for a column of type {found}",
        )
    if feature.HasField("distribution_constraints") and kind not in ("domain", "string_domain"):
        yield invalid("distribution_constraints are for a column with a domain of texts")
    domain = domain_of(schema, feature)
    if kind == "domain" and domain is None:
        yield Reason(
            Info.INVALID_DOMAIN_SPECIFICATION,
            "Missing domain",
            f"The schema has no string_domain named {feature.domain!r}",
        )
    layout = feature.time_domain.string_format or feature.time_of_day_domain.string_format
    if layout and not is_format(layout):
        yield Reason(
            Info.INVALID_DOMAIN_SPECIFICATION,
            "Malformed time domain",
            f"The schema is wrong: {layout!r} is no format of `strptime`",
        )
    values = Counter(() if domain is None else domain.value)
    if repeated := sorted(value for value, count in values.items() if count > 1):
        yield Reason(
            Info.INVALID_DOMAIN_SPECIFICATION,
            "Malformed StringDomain",
            f"The schema's domain has values twice: {listed(repeated)}",
        )
