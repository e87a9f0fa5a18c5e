"""The parts of a run's folder that `shardmill inspect` shows: manifest, features, vocabularies, statistics."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from rich.console import Console
from rich.text import Text
from tensorflow_metadata.proto.v0 import schema_pb2, statistics_pb2

from pipelines.fitting_table import FittingTable
from pipelines.summary import split_table
from schemas.errors import DataError
from schemas.statistics import read_statistics

_LF = b"\n"


def print_run(out: Console, folder: str) -> None:
    """Prints a run's splits, features, vocabularies and statistics.

    Raises:
        DataError: The folder isn't a run's, or a file in it can't be decoded.
    """
    root = Path(folder)
    if not (root / "manifest.json").exists():
        raise DataError(f"{folder!r} isn't a run: it has no manifest.json")
    if not (root / "_SUCCESS").exists():
        out.print("This run isn't finished: it has no _SUCCESS.", style="bold red")
    manifest = read_json(root / "manifest.json")
    out.print(split_table(manifest["splits"]))
    rows = manifest["rows"]
    out.print(f"{rows['read']:,} rows read = {rows['written']:,} written + {rows['rejected']:,} rejected", markup=False)
    print_shards(out, manifest["splits"])
    declared = manifest["config"].get("features", {})
    print_features(out, read_schema(str(root / "transformed_metadata" / "schema.pbtxt")), declared)
    _print_vocabularies(out, root)
    for path in sorted((root / "pre_transform_feature_stats").glob("*")):
        print_statistics(out, read_statistics(str(path)))


def read_json(path: Path) -> Any:
    """Reads a JSON file of a run.

    Raises:
        DataError: It isn't JSON; the message names the file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(f"{str(path)!r} isn't valid JSON: {error}") from error


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> FittingTable:
    table = FittingTable(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


def print_shards(out: Console, splits: Mapping[str, Any]) -> None:
    """Prints the shards of all splits, as the manifest lists them."""
    table = _table("shards", "file", "rows", "bytes", "sha256", right=("rows", "bytes"))
    for split in splits.values():
        for shard in split["shards"]:
            table.add_row(Text(shard["file"]), f"{shard['rows']:,}", f"{shard['bytes']:,}", shard["sha256"][:12])
    out.print(table)


def read_schema(path: str) -> schema_pb2.Schema:
    """Reads a `schema.pbtxt`.

    Raises:
        DataError: It isn't one; the message names the file and line.
    """
    try:
        return text_format.Parse(Path(path).read_text(encoding="utf-8"), schema_pb2.Schema())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise DataError(f"{path!r} isn't a schema.pbtxt: {error}") from error


def print_schema(out: Console, schema: schema_pb2.Schema) -> None:
    """Prints the columns of a schema."""
    table = _table(f"schema of {len(schema.feature):,} columns", "column", "type", "presence", "values")
    for feature in schema.feature:
        required = feature.presence.min_fraction == 1
        table.add_row(
            Text(feature.name), _type(feature), "required" if required else "optional", _domain(schema, feature)
        )
    out.print(table)


def print_features(out: Console, schema: schema_pb2.Schema, declared: dict[str, Any]) -> None:
    """Prints the features that a run wrote, with the kinds that made them."""
    table = _table("features", "feature", "kind", "type", "shape", "values")
    for feature in schema.feature:
        kind = declared.get(feature.name, "")
        name = kind if isinstance(kind, str) else kind.get("kind", "")
        shape = (
            "[" + ", ".join(str(dimension.size) for dimension in feature.shape.dim) + "]"
            if feature.HasField("shape")
            else "variable"
        )
        table.add_row(Text(feature.name), Text(name), _type(feature), shape, _domain(schema, feature))
    out.print(table)


def _type(feature: schema_pb2.Feature) -> str:
    return {"INT": "int64", "FLOAT": "float32", "BYTES": "bytes"}.get(
        schema_pb2.FeatureType.Name(feature.type), "unknown"
    )


def _domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Text:
    if feature.HasField("int_domain"):
        return Text(f"{feature.int_domain.min} to {feature.int_domain.max}")
    if feature.HasField("float_domain"):
        return Text(f"{feature.float_domain.min:g} to {feature.float_domain.max:g}")
    domains = {domain.name: domain for domain in schema.string_domain}
    domain = feature.string_domain if feature.HasField("string_domain") else domains.get(feature.domain)
    return Text(f"{len(domain.value)} values" if domain else "")


def _print_vocabularies(out: Console, root: Path) -> None:
    asset_map = root / "transformed_metadata" / "asset_map"
    names = read_json(asset_map) if asset_map.exists() else {}
    if not names:
        return
    table = _table("vocabularies", "vocabulary", "tokens", "most frequent", "file", right=("tokens",))
    for name, file in sorted(names.items()):
        size, first = _measure(root / "transform_fn" / "assets" / file)
        table.add_row(Text(name), f"{size:,}", Text(first), Text(f"transform_fn/assets/{file}"))
    out.print(table)


def _measure(path: Path) -> tuple[int, str]:
    """A vocabulary's number of tokens, and the first."""
    with path.open("rb") as stream:
        first = stream.readline()
        size = sum(1 for _ in stream) + bool(first)
    return size, first.rstrip(_LF).decode("utf-8", "backslashreplace")


def print_statistics(out: Console, statistics: statistics_pb2.DatasetFeatureStatisticsList) -> None:
    """Prints the statistics of each dataset's columns."""
    columns = ("column", "count", "missing", "mean", "std", "min", "median", "max", "unique")
    for dataset in statistics.datasets:
        table = _table(
            f"statistics of {dataset.num_examples:,} rows {dataset.name}".rstrip(), *columns, right=columns[1:]
        )
        for feature in dataset.features:
            name = feature.name or ".".join(feature.path.step)
            table.add_row(Text(name), *_statistics_cells(feature))
        out.print(table)


def _statistics_cells(feature: statistics_pb2.FeatureNameStatistics) -> Iterator[str]:
    numeric = feature.WhichOneof("stats") == "num_stats"
    common = feature.num_stats.common_stats if numeric else feature.string_stats.common_stats
    yield from (f"{common.num_non_missing:,}", f"{common.num_missing:,}")
    stats = feature.num_stats
    # What isn't known reads as 0: all of a column without values, and the median where quantiles weren't counted.
    known = numeric and common.num_non_missing > 0
    ranked = any(histogram.type == statistics_pb2.Histogram.QUANTILES for histogram in stats.histograms)
    for value in (stats.mean, stats.std_dev, stats.min, stats.median if ranked else None, stats.max):
        yield f"{value:.6g}" if known and value is not None else ""
    unique = feature.string_stats.unique
    yield f"{unique:,}" if unique else ""
