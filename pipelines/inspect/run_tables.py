"""Prints a run's manifest, features, vocabularies and statistics."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from rich.console import Console
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainText
from shardmill.pipelines.console.statistics_table import print_statistics
from shardmill.pipelines.console.summary import print_rows, print_shared_keys, split_table
from shardmill.pipelines.inspect.class_table import print_classes
from shardmill.pipelines.inspect.label_table import print_labels
from shardmill.pipelines.run_folder.manifest_keys import FeatureSettings, Manifest, SplitEntry, decode_manifest
from shardmill.schemas.errors import DataError
from shardmill.schemas.feature_stats import decode_statistics
from shardmill.schemas.json_shapes import InnerPath, decode_json
from shardmill.schemas.run_folder import (
    ASSET_MAP,
    FEATURES_SCHEMA,
    MANIFEST,
    RAW_STATISTICS,
    SUCCESS,
    TOKEN_COUNTS,
    VOCABULARIES,
)
from shardmill.transforms.files import enclosed
from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX
from shardmill.transforms.grouping.sequence_schema import of_rows
from shardmill.transforms.tfrecord.frames import read_records

_LF = b"\n"
_PIECE = 1 << 20
# Bytes of a token to show.
_SHOWN = 400


def print_run(out: Console, folder: str) -> None:
    """Prints a run's splits, features, vocabularies and statistics.

    Raises:
        DataError: The folder isn't a run's, or a file in it can't be decoded.
    """
    manifest = read_manifest(folder)
    if not os.path.lexists(os.path.join(folder, SUCCESS)):
        out.print(f"This run isn't finished: it has no {SUCCESS}.", style="bold red")
    out.print(split_table(manifest))
    print_rows(out, manifest)
    print_shared_keys(out, manifest)
    print_anomalies(out, manifest)
    print_shards(out, manifest)
    print_features(out, read_run_schema(folder), manifest["config"]["features"])
    _print_vocabularies(out, folder)
    print_classes(out, folder, manifest["config"]["features"])
    # A run that `apply` wrote has no statistics of raw columns.
    statistics = os.path.join(folder, RAW_STATISTICS)
    for name in sorted(os.listdir(statistics)) if os.path.isdir(statistics) else ():
        if (path := f"{RAW_STATISTICS}/{name}") != TOKEN_COUNTS:
            found = read_run_statistics(folder, path)
            print_labels(out, found, manifest["config"]["features"])
            print_statistics(out, found)


def read_manifest(folder: str) -> Manifest:
    """Reads the manifest of a local run.

    Raises:
        DataError: There is none, it can't be read, or isn't a manifest; the message names the file.
    """
    if not os.path.lexists(os.path.join(folder, MANIFEST)):
        raise DataError(f"{folder!r} isn't a run: it has no {MANIFEST}; give the output folder of a run")
    return decode_manifest(enclosed.read(folder, MANIFEST), os.path.join(folder, MANIFEST))


def read_run_schema(folder: str) -> schema_pb2.Schema:
    """Reads the schema of a local run's features.

    Raises:
        DataError: It can't be read, or isn't a schema; the message names the file and line.
    """
    return _decode_schema(enclosed.read(folder, FEATURES_SCHEMA), os.path.join(folder, FEATURES_SCHEMA))


def read_run_statistics(folder: str, name: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    """Reads statistics of a local run.

    Args:
        folder: The run's folder.
        name: The file's path in it.

    Raises:
        DataError: The file can't be read, or holds no statistics.
    """
    return decode_statistics(enclosed.read(folder, name), os.path.join(folder, name))


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> FittingTable:
    table = FittingTable(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


def print_anomalies(out: Console, manifest: Manifest) -> None:
    """Prints what `[validate]` found about the input, if anything."""
    table = _table("anomalies of the input", "column", "anomaly")
    for each in manifest.get("anomalies", ()):
        table.add_row(PlainText(each["column"] or "(all rows)"), PlainText(f"{each['anomaly']}: {each['details']}"))
    if table.row_count:
        out.print(table)


def print_shards(out: Console, manifest: Mapping[str, Any]) -> None:
    """Prints the shards that the manifest lists.

    Of groups of rows, their records are counted.
    """
    counted = "records" if "groups" in manifest else "rows"
    table = _table("shards", "file", counted, "bytes", "sha256", right=(counted, "bytes"))
    splits: Mapping[str, SplitEntry] = manifest["splits"]
    for split in splits.values():
        for shard in split["shards"]:
            table.add_row(PlainText(shard["file"]), f"{shard['rows']:,}", f"{shard['bytes']:,}", shard["sha256"][:12])
    out.print(table)


def read_schema(path: str) -> schema_pb2.Schema:
    """Reads a `schema.pbtxt`.

    Raises:
        DataError: It isn't a schema; the message names the file and line.
    """
    return _decode_schema(Path(path).read_bytes(), path)


def _decode_schema(data: bytes, path: str) -> schema_pb2.Schema:
    """Parses a schema: of groups, that of their rows."""
    try:
        return of_rows(text_format.Parse(data.decode(), schema_pb2.Schema()))
    except (text_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise DataError(f"{path!r} isn't a schema.pbtxt: {problem}") from error


def print_schema(out: Console, schema: schema_pb2.Schema) -> None:
    """Prints the columns of a schema."""
    table = _table(f"schema of {len(schema.feature):,} columns", "column", "type", "presence", "values")
    for feature in schema.feature:
        required = feature.presence.min_fraction == 1
        table.add_row(
            PlainText(feature.name), _type(feature), "required" if required else "optional", _domain(schema, feature)
        )
    out.print(table)


def print_features(out: Console, schema: schema_pb2.Schema, declared: Mapping[str, str | FeatureSettings]) -> None:
    """Prints a run's features, with the kinds that made them."""
    table = _table("features", "feature", "kind", "type", "shape", "values")
    for feature in schema.feature:
        shape = (
            "[" + ", ".join(str(dimension.size) for dimension in feature.shape.dim) + "]"
            if feature.HasField("shape")
            else "variable"
        )
        table.add_row(
            PlainText(feature.name),
            PlainText(_kind(feature.name, declared)),
            _type(feature),
            shape,
            _domain(schema, feature),
        )
    out.print(table)


def _kind(output: str, declared: Mapping[str, str | FeatureSettings]) -> str:
    """The kind of an output's feature, else "".

    Of the outputs of one feature, such as a date's parts, each name begins with the feature's.
    """
    names = [name for name in declared if output == name or output.startswith(f"{name}_")]
    kind = declared[max(names, key=len)] if names else ""
    return kind if isinstance(kind, str) else kind["kind"]


def _type(feature: schema_pb2.Feature) -> str:
    return {"INT": "int64", "FLOAT": "float32", "BYTES": "bytes"}.get(
        schema_pb2.FeatureType.Name(feature.type), "unknown"
    )


def _domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> PlainText:
    """The values that a schema expects."""
    kind = feature.WhichOneof("domain_info")
    if kind in ("int_domain", "float_domain"):
        return PlainText(_range(getattr(feature, kind)))
    if kind in ("time_domain", "time_of_day_domain"):
        times = getattr(feature, kind)
        units = type(times).DESCRIPTOR.fields_by_name["integer_format"].enum_type.values_by_number
        return PlainText(times.string_format or units[times.integer_format].name.lower().replace("_", " "))
    if kind == "bool_domain":
        return PlainText(f"{feature.bool_domain.true_value or 1} or {feature.bool_domain.false_value or 0}")
    if kind == "natural_language_domain":
        return PlainText("free text")
    domains = {domain.name: domain for domain in schema.string_domain}
    domain = feature.string_domain if feature.HasField("string_domain") else domains.get(feature.domain)
    return PlainText(f"{len(domain.value)} values" if domain else "")


def _range(domain: schema_pb2.IntDomain | schema_pb2.FloatDomain) -> str:
    low, high = (f"{each:g}" if isinstance(each, float) else str(each) for each in (domain.min, domain.max))
    if domain.HasField("min"):
        return f"{low} to {high}" if domain.HasField("max") else f"{low} or more"
    return f"{high} or less" if domain.HasField("max") else ""


def _print_vocabularies(out: Console, folder: str) -> None:
    table = _table("vocabularies", "vocabulary", "tokens", "most frequent", "file", right=("tokens",))
    for name, path, size, first in measured_vocabularies(folder):
        table.add_row(PlainText(name), f"{size:,}", PlainText(first), PlainText(path))
    if table.row_count:
        out.print(table)


def measured_vocabularies(folder: str) -> Iterator[tuple[str, str, int, str]]:
    """Yields each vocabulary's name, file, size and first token.

    Args:
        folder: A local run's folder.

    Raises:
        DataError: A file can't be read.
    """
    for name, file in sorted(_asset_map(folder).items()):
        path = f"{VOCABULARIES}/{file}"
        yield name, path, *_measure(folder, path)


def _asset_map(folder: str) -> dict[str, str]:
    """Returns the files of a run's vocabularies, by name.

    Their paths are relative to the graph's assets.
    """
    path = os.path.join(folder, ASSET_MAP)
    if not os.path.lexists(path):
        return {}
    names: dict[str, str] = decode_json(enclosed.read(folder, ASSET_MAP), dict[str, InnerPath], path)
    return names


def _measure(folder: str, name: str) -> tuple[int, str]:
    """Counts a vocabulary's tokens and returns the first, cut."""
    with enclosed.open_file(folder, name) as stream:
        if name.endswith(TFRECORD_SUFFIX):
            blocks = [(len(block), block[0].as_py()) for block in read_records(stream, os.path.join(folder, name))]
            token = blocks[0][1] if blocks else b""
            return sum(size for size, _ in blocks), token[:_SHOWN].decode("utf-8", "backslashreplace")
        piece = first = stream.read(_PIECE)
        size, last = 0, _LF
        while piece:
            size, last = size + piece.count(_LF), piece[-1:]
            piece = stream.read(_PIECE)
    shown = first.partition(_LF)[0][:_SHOWN]
    return size + (last != _LF), shown.decode("utf-8", "backslashreplace")
