"""Prints files other than shards.

They are CSV, configurations, manifests, statistics and rejected rows.
"""

import itertools
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow.parquet import FileMetaData, ParquetFile
from rich.console import Console
from rich.markup import escape

from shardmill.pipelines.config.load import KEYS
from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainText
from shardmill.pipelines.console.statistics_table import print_statistics
from shardmill.pipelines.console.summary import format_bytes, print_rows, split_table
from shardmill.pipelines.inspect.run_tables import print_shards
from shardmill.pipelines.run_folder.manifest_keys import decode_manifest
from shardmill.schemas.errors import DataError
from shardmill.schemas.feature_stats import read_statistics
from shardmill.schemas.messages import cut
from shardmill.schemas.run_folder import REJECT_KEYS
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.header import fill_header
from shardmill.transforms.records.repair_names import repair_names
from shardmill.transforms.scoring.samples import first_rows, read_sample
from shardmill.transforms.sniff.sniff import sniff
from shardmill.transforms.tfrecord.frames import decompress

# Bytes of the longest line that is read as a rejected row.
_LINE_BYTES = 1 << 28


def print_csv(out: Console, path: str, rows: int) -> None:
    """Prints a CSV file's columns and first rows.

    Raises:
        DataError: It isn't text, or is damaged.
    """
    dialect, names, body = read_csv(path, rows)
    out.print(
        f"CSV of {len(names):,} columns with {json.dumps(dialect.delimiter)} between them, {dialect.encoding}, "
        f"{'with' if dialect.header else 'without'} a header, {format_bytes(os.path.getsize(path))}",
        style="bold",
        markup=False,
    )
    table = _table("column", *(f"row {number}" for number in range(1, len(body) + 1)))
    for index, name in enumerate(names):
        table.add_row(PlainText(name), *(PlainText(cut(row[index]) if index < len(row) else "") for row in body))
    out.print(table)


def read_csv(path: str, rows: int) -> tuple[Dialect, Sequence[str], Sequence[Sequence[str]]]:
    """Reads a CSV file's first rows.

    The dialect is guessed as `init` does.

    Args:
        path: The file.
        rows: The most rows to read.

    Returns:
        The dialect, the columns' names, and the cells of the rows.

    Raises:
        DataError: It isn't text, or is damaged.
    """
    with open(path, "rb") as stream:
        sample = read_sample(stream, path)
    dialect = sniff([sample]).dialect
    found = first_rows(sample, dialect)
    names = repair_names(fill_header(found[0], dialect))[0] if dialect.header and found else dialect.columns or ()
    return dialect, names, found[int(dialect.header) :][:rows]


def print_parquet(out: Console, path: str, rows: int) -> None:
    """Prints a Parquet file's columns and first rows.

    Raises:
        DataError: It isn't Parquet, or is damaged.
    """
    count, schema, missing, body = read_parquet(path, rows)
    out.print(
        f"Parquet of {len(schema):,} columns and {count:,} rows, {format_bytes(os.path.getsize(path))}",
        style="bold",
        markup=False,
    )
    table = _table(
        "column", "type", "missing", *(f"row {number}" for number in range(1, len(body) + 1)), right=("missing",)
    )
    for field in schema:
        cells = ("" if row[field.name] is None else cut(str(row[field.name])) for row in body)
        share = "" if missing[field.name] is None else f"{missing[field.name]:,}"
        table.add_row(PlainText(field.name), PlainText(str(field.type)), share, *map(PlainText, cells))
    out.print(table)


def read_parquet(path: str, rows: int) -> tuple[int, pa.Schema, Mapping[str, int | None], Sequence[dict[str, Any]]]:
    """Reads a Parquet file's columns and first rows.

    Args:
        path: The file.
        rows: The most rows to read.

    Returns:
        The number of rows, the columns, how many values of each are missing (None where the file
        doesn't tell), and the values of the first rows by column.

    Raises:
        DataError: It isn't Parquet, or is damaged.
    """
    try:
        with ParquetFile(path) as file:
            body = next(file.iter_batches(rows), None)
            missing = {name: _nulls(file.metadata, name) for name in file.schema_arrow.names}
            found = [] if body is None else body.slice(0, rows).to_pylist()
            return file.metadata.num_rows, file.schema_arrow, missing, found
    except pa.ArrowException as error:
        raise DataError(f"{path!r} isn't a Parquet file, or is damaged: {error}") from error


def _nulls(metadata: FileMetaData, name: str) -> int | None:
    """Counts a column's nulls, where each row group tells them."""
    counts: list[int] = []
    for group in range(metadata.num_row_groups):
        chunks = map(metadata.row_group(group).column, range(metadata.num_columns))
        found = [chunk.statistics for chunk in chunks if chunk.path_in_schema == name]
        if len(found) != 1 or found[0] is None or not found[0].has_null_count:
            return None
        counts.append(found[0].null_count)
    return sum(counts)


def print_configuration(out: Console, path: str) -> None:
    """Prints a configuration's sections unchecked.

    `run --dry-run` checks them.

    Raises:
        DataError: The file isn't TOML, or has no section that a configuration has.
    """
    raw = read_toml(path)
    if not raw.keys() & set(KEYS):
        raise DataError(f"{path!r} is TOML, but not a configuration: expected one of {', '.join(KEYS)}")
    out.print("configuration", style="bold")
    plain = {key: value for key, value in raw.items() if not isinstance(value, dict)}
    for title, section in (("", plain), *((f"[{key}]", raw[key]) for key in raw if key not in plain)):
        if not section:
            continue
        table = _table("key", "value", title=escape(title) or None)
        for key, value in section.items():
            table.add_row(PlainText(key), PlainText(_toml(value)))
        out.print(table)


def print_manifest(out: Console, path: str) -> None:
    """Prints a manifest's summary.

    It has splits, rows, rejections, shards, input and versions.

    Raises:
        DataError: It isn't a manifest.
    """
    manifest: Mapping[str, Any] = decode_manifest(Path(path).read_bytes(), path)
    out.print("manifest of a run", style="bold")
    out.print(split_table(manifest))
    print_rows(out, manifest)
    for reason, count in sorted(manifest["rejected"]["reasons"].items(), key=lambda item: (-item[1], item[0])):
        out.print(f"  rejected {count:,}: {reason}", markup=False)
    print_shards(out, manifest)
    table = _table("input", "rows", "bytes", right=("rows", "bytes"))
    for entry in manifest["input"]:
        table.add_row(PlainText(entry["path"]), f"{entry['rows']:,}", f"{entry['bytes']:,}")
    out.print(table)
    versions = ", ".join(f"{name} {version}" for name, version in manifest["versions"].items())
    out.print(f"made by {versions}", markup=False)


def print_feature_statistics(out: Console, path: str) -> None:
    """Prints a statistics file.

    Raises:
        DataError: It isn't one.
    """
    print_statistics(out, read_statistics(path))


def print_rejected(out: Console, path: str, rows: int) -> None:
    """Prints the number of rejected rows and the first ones.

    Raises:
        DataError: The file is damaged.
    """
    count, shown = rejected_rows(path, rows)
    out.print(f"{count:,} rejected row{'s' * (count != 1)}", style="bold")
    table = _table("file:line", "column", "reason", "row")
    for row in shown:
        text = row.get("row", row.get("row_base64", ""))
        location = f"{row['file']}:{row['line']}"
        table.add_row(*(PlainText(cut(str(each))) for each in (location, row["column"] or "", row["reason"], text)))
    out.print(table)


def rejected_rows(path: str, rows: int) -> tuple[int, list[dict[str, Any]]]:
    """Reads the number of rejected rows, and the first ones.

    Args:
        path: The file of rejected rows.
        rows: The most rows to read.

    Raises:
        DataError: The file is damaged.
    """
    shown: list[dict[str, Any]] = []
    count, rest = 0, b""
    with open(path, "rb") as stream:
        for chunk in itertools.chain(decompress(stream, path), (b"",)):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > _LINE_BYTES:
                raise DataError(
                    f"{path!r}, line {count + len(lines) + 1:,}: expected a rejected row, received a line without end"
                )
            shown += [_rejected(line, path, count + at) for at, line in enumerate(lines[: max(0, rows - count)], 1)]
            count += len(lines)
    if rest:
        raise DataError(f"{path!r} ends in the middle of line {count + 1:,}: the file is truncated; run again")
    return count, shown


def _rejected(line: bytes, path: str, number: int) -> dict[str, Any]:
    try:
        row: dict[str, Any] = json.loads(line)
        return {key: row[key] for key in REJECT_KEYS} | row
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{path!r}, line {number}: expected a rejected row as JSON, received {cut(str(line))}"
        ) from error


def _table(*columns: str, title: str | None = None, right: Sequence[str] = ()) -> FittingTable:
    table = FittingTable(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left")
    return table


def _toml(value: Any) -> str:
    """Formats a value about as in a configuration."""
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_toml(each)}" for key, each in value.items())
    return json.dumps(value, ensure_ascii=False, default=str)
