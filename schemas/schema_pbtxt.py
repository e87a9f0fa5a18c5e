"""The raw schema as tensorflow-metadata's `schema.pbtxt`.

TFDV, TF Transform and TFX read and write this format.
"""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.run_folder import RAW_SCHEMA
from shardmill.schemas.schema import Column, ColumnType, Schema

_TO_PROTO = {ColumnType.INT: schema_pb2.INT, ColumnType.FLOAT: schema_pb2.FLOAT, ColumnType.BYTES: schema_pb2.BYTES}
_FROM_PROTO = {number: column_type for column_type, number in _TO_PROTO.items()}
# What a schema may say of a column besides its type and presence; and of the values of that type.
_DESCRIBED = ("in_environment", "not_in_environment", "unique_constraints", "drift_comparator", "skew_comparator")
_DOMAINS = {"distribution_constraints"} | {
    field.name for field in schema_pb2.Feature.DESCRIPTOR.oneofs_by_name["domain_info"].fields
}


def load_schema(path: str) -> Schema:
    """Reads a `schema.pbtxt`.

    Raises:
        ConfigError: The file can't be read, isn't a schema, or describes values that a CSV file
            can't hold.
    """
    check_no_folder(path)
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"can't read the schema {path!r}: {error.strerror}; check input.schema") from error
    return decode_schema(data, path)


def check_no_folder(path: str) -> None:
    """Checks that a schema's path isn't a folder's.

    Args:
        path: The path, local or remote.

    Raises:
        ConfigError: It is; the message names the schema in the folder of a run.
    """
    if os.path.isdir(path):
        within = os.path.join(path, RAW_SCHEMA)
        advice = f"give that of the run, {within!r}" if os.path.isfile(within) else "give a file in it"
        raise ConfigError(f"expected the file of a schema, received the folder {path!r}; {advice}")


def decode_schema(data: bytes, source: str) -> Schema:
    """Parses the bytes of a `schema.pbtxt`.

    Args:
        data: The bytes.
        source: The file's name, for messages.

    Raises:
        ConfigError: The bytes aren't a schema, or describe values that a CSV file can't hold.
    """
    text = _decode(data, source)
    return replace(from_proto(parse_proto(text, source), source), described=text)


def decode_proto(data: bytes, source: str) -> schema_pb2.Schema:
    """Parses the bytes of a `schema.pbtxt` as a message.

    Args:
        data: The bytes.
        source: The file's name, for messages.

    Raises:
        ConfigError: The bytes aren't a schema.
    """
    return parse_proto(_decode(data, source), source)


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{source}: expected a schema as text (schema.pbtxt), received bytes that aren't UTF-8; "
            "a binary schema must be written as text first"
        ) from error


def parse_proto(text: str, source: str) -> schema_pb2.Schema:
    """Parses the text of a `schema.pbtxt` as a message.

    Args:
        text: The text.
        source: The file's name, for messages.

    Raises:
        ConfigError: The text isn't a schema.
    """
    proto = schema_pb2.Schema()
    try:
        text_format.Parse(text, proto)
    except text_format.ParseError as error:
        raise ConfigError(
            f"{source}: expected a tensorflow-metadata schema, received an error at line and column {error}"
        ) from error
    except RecursionError as error:
        raise ConfigError(
            f"{source}: expected a tensorflow-metadata schema, received one nested too deeply; remove what is nested"
        ) from error
    return proto


def format_schema(schema: Schema) -> str:
    """Formats a schema as the text of a `schema.pbtxt`.

    It has what the schema file says more of the columns: shares of rows with a value, domains,
    environments and comparators.
    """
    proto = to_proto(schema)
    if schema.described:
        _describe(proto, parse_proto(schema.described, "the schema"))
    return format_proto(proto)


def format_proto(schema: schema_pb2.Schema) -> str:
    """Formats a schema's message as the text of a `schema.pbtxt`."""
    text: str = text_format.MessageToString(schema, as_utf8=True)
    return text


def to_proto(schema: Schema) -> schema_pb2.Schema:
    """The schema as a protobuf message.

    TF Transform reads a required column as a dense scalar, and any other as VarLen.
    """
    return schema_pb2.Schema(feature=[_to_feature(column) for column in schema])


def _describe(proto: schema_pb2.Schema, given: schema_pb2.Schema) -> None:
    """Adds what another schema says of the columns."""
    features = {feature.name: feature for feature in given.feature}
    for feature in proto.feature:
        found = features[feature.name]
        names = set(_DESCRIBED)
        # The domain of another type says nothing.
        if found.type == feature.type:
            names |= _DOMAINS
        if found.presence.min_fraction < 1:
            names.add("presence")
        kept = schema_pb2.Feature()
        kept.CopyFrom(found)
        for field, _ in found.ListFields():
            if field.name not in names:
                kept.ClearField(field.name)
        feature.MergeFrom(kept)
    used = {feature.domain for feature in proto.feature}
    proto.string_domain.extend(domain for domain in given.string_domain if domain.name in used)
    proto.default_environment.extend(given.default_environment)


def _to_feature(column: Column) -> schema_pb2.Feature:
    feature = schema_pb2.Feature(name=column.name, type=_TO_PROTO[column.type])
    if column.required:
        feature.presence.min_fraction = 1.0
        feature.presence.min_count = 1
        feature.shape.SetInParent()  # no dimensions: a scalar
    return feature


def from_proto(proto: schema_pb2.Schema, source: str) -> Schema:
    """Converts a protobuf message to a schema.

    Domains, environments and constraints are accepted and not used: `type` alone decides a column's
    type.

    Args:
        proto: The message.
        source: The file's name, for messages.

    Raises:
        ConfigError: The message describes values that a CSV file can't hold: structs, several
            values in a cell, sparse features.
    """
    for name, names in (
        ("sparse_feature", (feature.name for feature in proto.sparse_feature)),
        ("weighted_feature", (feature.name for feature in proto.weighted_feature)),
        ("tensor_representation_group", proto.tensor_representation_group),
    ):
        _refuse_groups(name, names, source)
    if not proto.feature:
        raise ConfigError(f"{source}: the schema has no feature; expected one for each CSV column")
    columns: dict[str, Column] = {}
    for feature in proto.feature:
        if not feature.name:
            raise ConfigError(f"{source}: feature number {len(columns) + 1} has no name; expected that of a CSV column")
        if feature.name in columns:
            raise ConfigError(f"{source}: feature {feature.name!r} is there twice; remove one of them")
        columns[feature.name] = _from_feature(feature, source)
    return Schema(tuple(columns.values()))


def _refuse_groups(kind: str, names: Iterable[str], source: str) -> None:
    for name in names:
        raise ConfigError(
            f"{source}: {kind} {name!r} isn't supported: a CSV column holds one value a row; describe the columns "
            "themselves, each as a feature"
        )


def _from_feature(feature: schema_pb2.Feature, source: str) -> Column:
    where = f"{source}: feature {feature.name!r}"
    if feature.type not in _FROM_PROTO:
        received = schema_pb2.FeatureType.Name(feature.type)
        raise ConfigError(f"{where}: expected type INT, FLOAT or BYTES, received {received}")
    if any(size.size != 1 for size in feature.shape.dim):
        sizes = [size.size for size in feature.shape.dim]
        raise ConfigError(f"{where}: expected a shape of one value (shape {{}}), received dimensions {sizes}")
    if feature.HasField("value_counts"):
        raise ConfigError(f"{where}: value_counts (nested lists) isn't supported: a CSV column holds one value a row")
    if feature.value_count.min > 1 or feature.value_count.max > 1:
        count = feature.value_count
        raise ConfigError(
            f"{where}: expected at most one value a row (value_count max: 1), received min: {count.min} max: {count.max}"
        )
    required = feature.presence.min_fraction >= 1
    return Column(feature.name, _FROM_PROTO[feature.type], required, source)
