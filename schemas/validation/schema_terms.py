"""Environments, deprecated columns and names of a schema."""

import re

from tensorflow_metadata.proto.v0 import schema_pb2

_DEPRECATED = frozenset(
    (
        schema_pb2.PLANNED,
        schema_pb2.ALPHA,
        schema_pb2.DEPRECATED,
        schema_pb2.DEBUG_ONLY,
        schema_pb2.DISABLED,
    )
)


def is_deprecated(feature: schema_pb2.Feature) -> bool:
    """Whether nothing about a column is checked."""
    return bool(feature.deprecated) or feature.lifecycle_stage in _DEPRECATED


def is_expected(schema: schema_pb2.Schema, feature: schema_pb2.Feature, environment: str | None) -> bool:
    """Whether a column belongs to an environment.

    Args:
        schema: The schema.
        feature: The column's feature in it.
        environment: The environment's name. None means that all columns belong to it.
    """
    if environment is None or environment in feature.in_environment:
        return True
    return environment not in feature.not_in_environment and environment in schema.default_environment


def is_required(schema: schema_pb2.Schema, feature: schema_pb2.Feature, environment: str | None) -> bool:
    """Whether data of an environment must have a column.

    Args:
        schema: The schema.
        feature: The column's feature in it.
        environment: As `is_expected`.
    """
    if is_deprecated(feature) or (feature.presence.min_count <= 0 and feature.presence.min_fraction <= 0):
        return False
    return is_expected(schema, feature, environment)


def environments_of(schema: schema_pb2.Schema) -> tuple[str, ...]:
    """All environments that a schema names, in alphabetical order."""
    named = set(schema.default_environment)
    for feature in schema.feature:
        named.update(feature.in_environment, feature.not_in_environment)
    return tuple(sorted(named))


def path_of(name: str) -> str:
    """A column's name as the key of its anomaly."""
    plain = re.fullmatch(r"[^().']+|\([^()]*\)", name)
    return name if plain else "'" + name.replace("'", "''") + "'"
