"""`shardmill inspect`: shows runs, their files, configurations and CSV.

TensorFlow isn't imported.
"""

import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from rich.console import Console

from shardmill.pipelines.console.fitting_table import FittingTable
from shardmill.pipelines.console.plain_console import PlainConsole, PlainText
from shardmill.pipelines.inspect.file_kinds import FileKind, file_kind
from shardmill.pipelines.inspect.file_tables import (
    print_configuration,
    print_csv,
    print_feature_statistics,
    print_manifest,
    print_parquet,
    print_rejected,
)
from shardmill.pipelines.inspect.run_tables import print_run, print_schema, read_schema
from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import cut
from shardmill.transforms.tfrecord.decode import Values, decode_sequence
from shardmill.transforms.tfrecord.frames import read_records

# Values of a list that a table's cell shows.
_VALUES = 8
# Columns of text where there is no terminal.
_UNLIMITED = 10_000


def inspect_path(path: str, records: int = 5, console: Console | None = None) -> None:
    """Prints what a path holds.

    Args:
        path: A run's folder, or a file that `pipelines.inspect.file_kinds` knows.
        records: The number of a shard's records, a CSV file's rows or a vocabulary's tokens to
            show.
        console: The console to print on; standard output by default.

    Raises:
        DataError: There is nothing at the path, it can't be read, or it is none of these.
    """
    # Output to a file or pipe isn't cut to a width.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else _UNLIMITED
    out = console or PlainConsole(highlight=False, width=width)
    if "://" in path:
        from shardmill.pipelines.inspect.fetch import fetched

        with fetched(path) as copy:
            _inspect(out, copy, path, records)
    else:
        _inspect(out, path, path, records)


def _inspect(out: Console, path: str, name: str, records: int) -> None:
    """Prints what a local path holds.

    `name` is the path or URL that the user gave.
    """
    try:
        _print(out, path, name, records)
    except FileNotFoundError as error:
        raise DataError(
            f"no file or folder at {path!r}; check the path"
            if error.filename == path
            else f"{path!r} lacks {error.filename!r}"
        ) from error
    except OSError as error:
        raise DataError(f"can't read {path!r}: {error.strerror or error}") from error


def _print(out: Console, path: str, name: str, records: int) -> None:
    if os.path.isdir(path):
        print_run(out, path)
        return
    kind = file_kind(path, name)
    if kind in _PRINTERS:
        _PRINTERS[kind](out, path)
    elif kind == "shard":
        _print_shard(out, path, name, records)
    else:
        _LISTERS[kind](out, path, records)


def _print_shard(out: Console, path: str, name: str, records: int) -> None:
    with open(path, "rb") as stream:
        every = (record for block in read_records(stream, path) for record in block)
        shown = [
            _decode(path, number, record.as_py()) for number, record in enumerate(itertools.islice(every, records))
        ]
    if not shown:
        out.print(f"{name} holds no records", markup=False)
        return
    out.print(f"the first {len(shown)} records of {name}", style="bold", markup=False)
    table = FittingTable()
    table.lead_columns = 2
    table.add_column("feature")
    table.add_column("type")
    for number in range(len(shown)):
        table.add_column(f"record {number}")
    for feature in sorted({feature for example in shown for feature in example}):
        values = [example.get(feature, []) for example in shown]
        table.add_row(PlainText(feature), _type_name(values), *(PlainText(format_values(value)) for value in values))
    out.print(table)


def _decode(path: str, number: int, record: bytes) -> dict[str, Values]:
    """Decodes a record, with the values of all steps."""
    try:
        found = decode_sequence(record)
    except DecodeError as error:
        raise DataError(f"{path!r}, record {number}: it isn't a tf.train.Example") from error
    steps: dict[str, Any] = {name: [*itertools.chain(*each)] for name, each in found.lists.items()}
    return {**found.context, **steps}


def _type_name(values: list[list[int] | list[float] | list[bytes]]) -> str:
    names = {int: "int64", float: "float32", bytes: "bytes"}
    return next((names[type(value[0])] for value in values if value), "")


def format_values(values: list[int] | list[float] | list[bytes]) -> str:
    """Formats a feature's values, cutting many or long ones."""
    parts = [_format_value(value) for value in values[:_VALUES]]
    if len(values) > _VALUES:
        parts.append(f"... ({len(values)} values)")
    return ", ".join(parts)


def _format_value(value: float | bytes) -> str:
    if isinstance(value, float):
        # A float32 has seven significant digits; nine would tell any two apart, but show rounding.
        return f"{value:.7g}"
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
    return cut(text)


def _print_vocabulary(out: Console, path: str, tokens: int) -> None:
    shown: list[bytes] = []
    size = 0
    with Path(path).open("rb") as stream:
        for line in stream:
            if size < tokens:
                shown.append(line.rstrip(b"\n"))
            size += 1
    out.print(f"vocabulary of {size:,} tokens", style="bold")
    table = FittingTable()
    table.add_column("id", justify="right")
    table.add_column("token")
    for number, token in enumerate(shown):
        table.add_row(str(number), PlainText(_format_value(token)))
    out.print(table)


_PRINTERS: dict[FileKind, Callable[[Console, str], None]] = {
    "schema": lambda out, path: print_schema(out, read_schema(path)),
    "manifest": print_manifest,
    "statistics": print_feature_statistics,
    "configuration": print_configuration,
}
_LISTERS: dict[FileKind, Callable[[Console, str, int], None]] = {
    "rejected": print_rejected,
    "csv": print_csv,
    "parquet": print_parquet,
    "vocabulary": _print_vocabulary,
}
