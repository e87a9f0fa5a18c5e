"""The registry of kinds, and the `[features]` table's parser."""

import contextlib
import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import did_you_mean, plural, suggest
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.column_patterns import expand_patterns, few_names
from shardmill.transforms.features.placeholder import dummy_statistics
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.categorical.class_label import ClassLabel
from shardmill.transforms.kinds.categorical.count_encoding import Count, Frequency
from shardmill.transforms.kinds.categorical.cross import Cross
from shardmill.transforms.kinds.categorical.hash import Hash
from shardmill.transforms.kinds.categorical.hot_vectors import MultiHot, OneHot
from shardmill.transforms.kinds.categorical.ordinal import Ordinal
from shardmill.transforms.kinds.categorical.pass_through import String
from shardmill.transforms.kinds.categorical.row_id import RowId
from shardmill.transforms.kinds.categorical.target_mean import TargetMean
from shardmill.transforms.kinds.categorical.vocabulary import Vocabulary, VocabularyKind, shared_error
from shardmill.transforms.kinds.dates.datetime import Datetime
from shardmill.transforms.kinds.dates.elapsed import Elapsed
from shardmill.transforms.kinds.images.encoded_image import EncodedImage
from shardmill.transforms.kinds.images.image import Image
from shardmill.transforms.kinds.lists.sequence import ListSequence
from shardmill.transforms.kinds.lists.weighted import Weighted
from shardmill.transforms.kinds.numeric.arithmetic import Arithmetic
from shardmill.transforms.kinds.numeric.bucket import Bucketize, Buckets
from shardmill.transforms.kinds.numeric.geo import GeoDistance
from shardmill.transforms.kinds.numeric.group_scale import GroupZScore
from shardmill.transforms.kinds.numeric.power_transform import YeoJohnson
from shardmill.transforms.kinds.numeric.ranks import QuantileNormal, QuantileUniform, Winsorize
from shardmill.transforms.kinds.numeric.scale import Clip, Label, Log, Log1p, MinMax, Numeric, Power, Robust, ZScore
from shardmill.transforms.kinds.numeric.weight import Weight
from shardmill.transforms.kinds.parameters import read_parameters
from shardmill.transforms.kinds.text.bag_of_words import BagOfWords, TfIdf
from shardmill.transforms.kinds.text.characters import Characters
from shardmill.transforms.kinds.text.pairs import Pairs
from shardmill.transforms.kinds.text.token_ids import Tokens

# A new kind is listed here.
KINDS: Mapping[str, type[Kind]] = {
    each.kind: each
    for each in (
        *(Numeric, Label, ClassLabel, Weight, ZScore, GroupZScore, MinMax, Robust, Log, Log1p, Clip, Power),
        *(Winsorize, QuantileUniform, QuantileNormal, YeoJohnson),
        *(Arithmetic, GeoDistance),
        *(Bucketize, Buckets),
        *(Vocabulary, OneHot, MultiHot),
        *(Count, Frequency, TargetMean),
        *(Hash, Cross),
        *(Ordinal, String, RowId),
        *(Datetime, Elapsed),
        *(Tokens, Characters, Pairs, BagOfWords, TfIdf),
        *(ListSequence, Weighted),
        *(Image, EncodedImage),
    )
}


def parse_features(table: Mapping[str, Any], schema: Schema, taken: Collection[str] = ()) -> tuple[Kind, ...]:
    """Parses the `[features]` table.

    Args:
        table: By output name or pattern of columns: a kind, or a table with `kind`, `column` or
            `columns`, and parameters.
        schema: The raw columns.
        taken: Columns that patterns don't match.

    Returns:
        The features, in the table's order.

    Raises:
        ConfigError: Kinds, parameters or columns are unknown, of a wrong type or don't fit (all of
            them in one error); or two outputs have one name.
    """
    if not table:
        raise ConfigError('[features] is empty; expected at least one feature, as `fare = "z_score"`')
    mistakes = Mistakes()
    expanded, origins = expand_patterns(table, schema.names, {*taken, *_named(table)}, mistakes)
    kinds = _parse_kinds(expanded, mistakes, origins)
    for kind in kinds:
        pattern = origins.get(kind.name)
        # Only the first column that doesn't fit a line is reported.
        if not mistakes.concern(("features", pattern or kind.name)):
            with mistakes.at("features", pattern or kind.name):
                _check_kind(kind, schema, pattern)
    mistakes.raise_any()
    _check_weights(kinds)
    _check_names(kinds, schema)
    return kinds


def allowed_types(
    table: Mapping[str, Any], columns: Sequence[str] = (), taken: Collection[str] = (), mistakes: Mistakes | None = None
) -> dict[str, frozenset[ColumnType]]:
    """The types that every use of each column takes.

    Only columns that the `[features]` table uses are in the result.

    Args:
        table: See `parse_features`.
        columns: The columns' names, if they are known. A pattern that matches none of them may
            match a derived one.
        taken: See `parse_features`.
        mistakes: Collects the features that can't be parsed. None means that they raise.

    Raises:
        ConfigError: Kinds or parameters are unknown or of a wrong type. `parse_features` checks the
            rest, which needs the columns.
    """
    allowed: dict[str, frozenset[ColumnType]] = {}
    collected = Mistakes() if mistakes is None else mistakes
    expanded, origins = expand_patterns(table, columns, {*taken, *_named(table)}) if columns else (table, {})
    kinds = _parse_kinds(expanded, collected, origins)
    if mistakes is None:
        collected.raise_any()
    for kind in kinds:
        for column in (*kind.columns, *kind.companions):
            allowed[column] = allowed.get(column, frozenset(ColumnType)) & kind.types_of(column)
    return allowed


def check_parameters(table: Mapping[str, Any]) -> None:
    """Checks features without knowing the columns.

    Args:
        table: See `parse_features`.

    Raises:
        ConfigError: Kinds or parameters are unknown, of a wrong type, or don't fit whatever the
            types of the columns are (all of them in one error).
    """
    mistakes = Mistakes()
    for kind in _parse_kinds(table, mistakes, {}):
        with mistakes.at("features", kind.name):
            _check_with_any_types(kind)
    mistakes.raise_any()


def _check_with_any_types(kind: Kind) -> None:
    """Raises a mistake that every type of column has."""
    faults = [_fault(kind, column_type) for column_type in kind.types]
    if faults[0] is not None and len(set(map(str, faults))) == 1:
        raise faults[0]


def _fault(kind: Kind, column_type: ColumnType) -> ConfigError | None:
    try:
        kind.check_parameters(
            Schema(tuple(Column(name, column_type) for name in dict.fromkeys((*kind.columns, *kind.companions))))
        )
    except ConfigError as error:
        return error
    return None


def _parse_kinds(table: Mapping[str, Any], mistakes: Mistakes, origins: Mapping[str, str]) -> tuple[Kind, ...]:
    """Parses the features that have no mistakes.

    `origins` gives the pattern that made a feature.
    """
    kinds: list[Kind] = []
    for name, value in table.items():
        line = origins.get(name, name)
        if line == name or not mistakes.concern(("features", line)):
            with mistakes.at("features", line):
                kinds.append(_parse_one(name, value))
    with mistakes.at("features"):
        return _pool(_with_labels(kinds, mistakes))
    return tuple(kinds)


def _named(table: Mapping[str, Any]) -> set[str]:
    """The columns that features' own parameters name."""
    named: set[str] = set()
    for name, value in table.items():
        if isinstance(value, Mapping) and value.get("kind") in KINDS:
            # A mistake is told where the feature is parsed.
            with contextlib.suppress(ConfigError):
                named |= {*(KINDS[value["kind"]].named_columns(name, value) or ())}
    return named


def _parse_one(name: str, value: object) -> Kind:
    entry: dict[str, Any] = (
        {"kind": value} if isinstance(value, str) else dict(value) if isinstance(value, Mapping) else {}
    )
    word = entry.pop("kind", None)
    if not isinstance(word, str):
        raise ConfigError(f'[features] {name}: expected a kind ("z_score") or a table with `kind`, received {value!r}')
    if not name:
        raise ConfigError("[features]: expected a feature's name, received an empty one")
    if word not in KINDS:
        known = f"the kinds are {', '.join(KINDS)}"
        raise ConfigError(f"[features] {name}: unknown kind {word!r}{suggest(word, KINDS, known)}")
    kind = KINDS[word]
    columns = kind.named_columns(name, entry)
    if columns is None:
        columns = _columns(name, kind, entry)
    entry.pop("column", None)
    return kind(name=name, columns=columns, **read_parameters(name, kind, entry))


def _columns(name: str, kind: type[Kind], entry: dict[str, Any]) -> tuple[str, ...]:
    if "column" in entry and "columns" in entry:
        raise ConfigError(f"[features] {name}: expected `column` or `columns`, received both; remove one of them")
    value = entry.pop("column") if "column" in entry else entry.pop("columns", name)
    columns = [value] if isinstance(value, str) else value
    if not isinstance(columns, list | tuple) or not all(isinstance(column, str) for column in columns):
        raise ConfigError(f"[features] {name}: expected `columns` to be a list of column names, received {value!r}")
    if not kind.min_columns <= len(columns) <= kind.max_columns:
        bound = kind.min_columns if len(columns) < kind.min_columns else kind.max_columns
        scope = "" if kind.min_columns == kind.max_columns else "at least " if bound == kind.min_columns else "at most "
        wanted = "one column" if kind.max_columns == 1 else f"{scope}{plural(bound, 'column')}"
        raise ConfigError(
            f"[features] {name}: expected {wanted} for `{kind.kind}`, received {list(columns)!r}; write `column` or `columns`"
        )
    if len(set(columns)) != len(columns):
        raise ConfigError(f"[features] {name}: expected `columns` without repetitions, received {list(columns)!r}")
    return tuple(columns)


def _check_kind(kind: Kind, schema: Schema, pattern: str | None) -> None:
    try:
        _check_columns(kind, schema)
        kind.check_parameters(schema)
    except ConfigError as error:
        if pattern is None:
            raise
        raise ConfigError(f"{error}; the pattern {pattern!r} matches it: name it on a line of its own") from error


def _check_columns(kind: Kind, schema: Schema) -> None:
    for column in (*kind.columns, *kind.companions):
        if column not in schema:
            near = did_you_mean(column, schema.names)
            hint = near or f"; the data has {few_names(schema.names)}"
            if column == kind.name:
                hint += f"{' Set' if near else '; set'} `column` if it has another name than the feature"
            raise kind.error(f"there is no column {column!r}{hint}")


def _with_labels(kinds: Sequence[Kind], mistakes: Mistakes) -> list[Kind]:
    """Names the label for features that name none."""
    found: list[Kind] = []
    for kind in kinds:
        with mistakes.at("features", kind.name):
            if isinstance(kind, VocabularyKind) and kind.by_label and kind.ranks_by_label and kind.label is None:
                found.append(dataclasses.replace(kind, label=_only_label(kind, kinds, "label", (Label, ClassLabel))))
            elif isinstance(kind, TargetMean) and kind.target is None:
                found.append(dataclasses.replace(kind, target=_only_label(kind, kinds, "target", (Label,))))
            else:
                found.append(kind)
    return found


def _only_label(kind: Kind, kinds: Sequence[Kind], parameter: str, classes: tuple[type[Kind], ...]) -> str:
    """The column of the only label."""
    labels = [each for each in kinds if isinstance(each, classes)]
    if len(labels) != 1:
        wanted = " or ".join(f"`{each.kind}`" for each in classes)
        has = f"{len(labels)} ({', '.join(label.name for label in labels)})" if labels else "none"
        raise kind.error(
            f"expected one {wanted} among the features, from which it is computed, received {has}; say which column: "
            f'`{parameter} = "COLUMN"`'
        )
    return labels[0].columns[0]


def _pool(kinds: list[Kind]) -> tuple[Kind, ...]:
    """Pools the columns of features that share a vocabulary."""
    groups: dict[str, list[VocabularyKind]] = {}
    for kind in kinds:
        if isinstance(kind, VocabularyKind) and kind.vocabulary is not None:
            groups.setdefault(kind.vocabulary, []).append(kind)
    pools: dict[str, tuple[str, ...]] = {}
    for name, group in groups.items():
        for other in group[1:]:
            if other.selection != group[0].selection or other.separator is not None:
                raise shared_error(group[0], other)
        pools[name] = tuple(dict.fromkeys(column for kind in group for column in kind.columns))
    return tuple(
        dataclasses.replace(kind, pool=pools[kind.vocabulary])
        if isinstance(kind, VocabularyKind) and kind.vocabulary is not None
        else kind
        for kind in kinds
    )


def _check_weights(kinds: Sequence[Kind]) -> None:
    weights = [kind for kind in kinds if isinstance(kind, Weight)]
    for kind in weights[1:]:
        raise kind.error(
            f"expected one `weight`, received a second one besides {weights[0].name!r}; remove one of them"
        )


def _check_names(kinds: Sequence[Kind], schema: Schema) -> None:
    statistics = dummy_statistics(kinds, schema)
    owners: dict[str, str] = {}
    for kind in kinds:
        for output in kind.outputs(schema, statistics):
            if output.name in owners:
                other = owners[output.name]
                raise kind.error(
                    f"its output {output.name!r} has the name of an output of feature {other!r}; rename one of the features"
                )
            owners[output.name] = kind.name
