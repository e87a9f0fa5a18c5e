"""Describes runs and files as plain data."""

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message

from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.console.printable import printable
from shardmill.pipelines.inspect.file_kinds import FileKind, file_kind
from shardmill.pipelines.inspect.file_tables import read_csv, read_parquet, rejected_rows
from shardmill.pipelines.inspect.run_tables import (
    measured_vocabularies,
    read_manifest,
    read_run_schema,
    read_run_statistics,
    read_schema,
)
from shardmill.pipelines.run_folder.manifest_keys import decode_manifest
from shardmill.schemas.errors import DataError
from shardmill.schemas.feature_stats import read_statistics
from shardmill.schemas.run_folder import RAW_STATISTICS, STATISTICS_FILE
from shardmill.transforms.tfrecord.decode import decode_sequence
from shardmill.transforms.tfrecord.frames import read_records


def as_json(path: str, records: int) -> str:
    """The content of a path, as JSON.

    Args:
        path: A run's folder, or a file that `pipelines.inspect.file_kinds` knows, local or remote.
        records: The number of a shard's records, a CSV file's rows or a vocabulary's tokens to
            tell.

    Raises:
        DataError: There is nothing at the path, it can't be read, or it is none of these.
    """
    if "://" not in path:
        return _as_json(path, path, records)
    from shardmill.pipelines.inspect.fetch import fetched

    with fetched(path) as copy:
        return _as_json(copy, path, records)


def _as_json(path: str, name: str, records: int) -> str:
    """Describes a local path; `name` is what the user gave."""
    try:
        found = _run(path) if os.path.isdir(path) else _file(path, name, records)
    except FileNotFoundError as error:
        raise DataError(f"no file or folder at {error.filename!r}; check the path") from error
    except OSError as error:
        raise DataError(f"can't read {path!r}: {error.strerror or error}") from error
    # A terminal may obey what JSON leaves as it is: C1's control characters, marks of direction.
    return printable(json.dumps(found, indent=2, ensure_ascii=False, default=str))


def _run(folder: str) -> dict[str, Any]:
    manifest = read_manifest(folder)
    statistics = f"{RAW_STATISTICS}/{STATISTICS_FILE}"
    has_statistics = os.path.lexists(os.path.join(folder, statistics))
    return {
        "kind": "run",
        "manifest": manifest,
        "features": _plain(read_run_schema(folder)),
        "vocabularies": [
            {"name": name, "file": file, "tokens": size, "first": first}
            for name, file, size, first in measured_vocabularies(folder)
        ],
        "statistics": _plain(read_run_statistics(folder, statistics)) if has_statistics else None,
    }


def _file(path: str, name: str, records: int) -> dict[str, Any]:
    kind = file_kind(path, name)
    return {"kind": kind, **_DESCRIBERS[kind](path, records)}


def _plain(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = MessageToDict(message, preserving_proto_field_name=True)
    return found


def _shard(path: str, records: int) -> dict[str, Any]:
    with open(path, "rb") as stream:
        every = (record.as_py() for block in read_records(stream, path) for record in block)
        return {
            "records": [_record(path, number, each) for number, each in enumerate(itertools.islice(every, records))]
        }


def _record(path: str, number: int, record: bytes) -> dict[str, Any]:
    try:
        found = decode_sequence(record)
    except DecodeError as error:
        raise DataError(f"{path!r}, record {number}: it isn't a tf.train.Example") from error
    steps = {name: [_values(step) for step in steps] for name, steps in found.lists.items()}
    return {**{name: _values(values) for name, values in found.context.items()}, **steps}


def _values(values: Any) -> list[Any]:
    return [_text(value) if isinstance(value, bytes) else value for value in values]


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")


def _vocabulary(path: str, tokens: int) -> dict[str, Any]:
    first: list[str] = []
    size = 0
    with Path(path).open("rb") as stream:
        for line in stream:
            if size < tokens:
                first.append(_text(line.rstrip(b"\n")))
            size += 1
    return {"tokens": size, "first": first}


def _csv(path: str, rows: int) -> dict[str, Any]:
    dialect, names, body = read_csv(path, rows)
    return {
        "bytes": os.path.getsize(path),
        "delimiter": dialect.delimiter,
        "encoding": dialect.encoding,
        "header": dialect.header,
        "columns": list(names),
        "rows": [dict(itertools.zip_longest(names, row[: len(names)])) for row in body],
    }


def _parquet(path: str, rows: int) -> dict[str, Any]:
    count, schema, missing, body = read_parquet(path, rows)
    columns = [{"name": field.name, "type": str(field.type), "missing": missing[field.name]} for field in schema]
    return {"rows": count, "columns": columns, "first": body}


def _rejected(path: str, rows: int) -> dict[str, Any]:
    count, shown = rejected_rows(path, rows)
    return {"rejected": count, "rows": shown}


_DESCRIBERS: dict[FileKind, Callable[[str, int], dict[str, Any]]] = {
    "schema": lambda path, _: {"schema": _plain(read_schema(path))},
    "manifest": lambda path, _: {"manifest": decode_manifest(Path(path).read_bytes(), path)},
    "statistics": lambda path, _: {"statistics": _plain(read_statistics(path))},
    "configuration": lambda path, _: {"configuration": read_toml(path)},
    "shard": _shard,
    "vocabulary": _vocabulary,
    "csv": _csv,
    "parquet": _parquet,
    "rejected": _rejected,
}
