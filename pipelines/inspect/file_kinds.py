"""Recognizes files, by name where possible, else by content."""

import json
import os
from typing import Literal

from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.errors import DataError
from shardmill.schemas.run_folder import MANIFEST, MANIFEST_KEYS, REJECT_KEYS
from shardmill.transforms.csv.dialect import DELIMITERS
from shardmill.transforms.decoding.compression import compressed_suffix
from shardmill.transforms.decoding.text import read_beginning
from shardmill.transforms.tfrecord.frames import begins_with_frame, decompress

FileKind = Literal[
    "shard", "schema", "manifest", "statistics", "configuration", "rejected", "csv", "parquet", "vocabulary"
]

_SUFFIXES: dict[str, FileKind] = {
    ".pbtxt": "schema",
    ".toml": "configuration",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".tfrecord": "shard",
}
# Suffixes of text files that are never vocabularies.
_OTHER_TEXT = (
    ".cfg",
    ".html",
    ".ini",
    ".ipynb",
    ".json",
    ".log",
    ".md",
    ".pb",
    ".py",
    ".rst",
    ".sh",
    ".xml",
    ".yaml",
    ".yml",
)
_PARQUET = b"PAR1"
_KNOWN = (
    f"a run's folder, its shards, vocabularies, schemas, statistics, {MANIFEST} and rejected rows, "
    "configurations (.toml), CSV, Parquet"
)
_BEGINNING = 1 << 16
_LINES = 50


def file_kind(path: str, name: str) -> FileKind:
    """Tells the kind of a local file.

    Args:
        path: The file.
        name: The name that the user gave: the file's URL, where `path` is a copy.

    Raises:
        DataError: The file is of no known kind (the message lists the known ones), or is damaged.
        OSError: It can't be read.
    """
    base = os.path.basename(name).lower()
    if os.path.exists(path) and not os.path.isfile(path):
        raise DataError(f"{path!r} isn't a regular file")
    # `.tfrecord` may be followed by more: train-00000-of-00001.tfrecord.gz, or the name of a part.
    plain = base.removesuffix(compressed_suffix(base))
    suffix = os.path.splitext(plain)[1]
    if ".tfrecord" in base:
        return "shard"
    is_vocabulary = os.path.basename(os.path.dirname(name)) == "assets"
    if not is_vocabulary and os.path.getsize(path) == 0:
        raise DataError(f"{path!r} is empty")
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    data = _beginning(path)
    if is_vocabulary:
        return "vocabulary"
    found = _by_content(data, path, suffix)
    if found is None:
        raise DataError(f"{path!r} isn't a file that inspect knows{_guess(data, base)}; it knows {_KNOWN}")
    return found


def _beginning(path: str) -> bytes:
    """Reads the first bytes, decompressed."""
    with open(path, "rb") as stream:
        if compressed_suffix(path) not in ("", ".gz"):
            return read_beginning(stream, path, _BEGINNING)
        data = b""
        for chunk in decompress(stream, path):
            data += chunk
            if len(data) >= _BEGINNING:
                break
    return data[:_BEGINNING]


def _by_content(data: bytes, path: str, suffix: str) -> FileKind | None:
    is_parquet = data.startswith(_PARQUET)
    if is_parquet or begins_with_frame(data):
        return "parquet" if is_parquet else "shard"
    if data.lstrip().startswith(b"{"):
        return _kind_of_json(data, path)
    if suffix == ".pb" and _is_statistics(path):
        return "statistics"
    if not data or b"\0" in data or suffix in _OTHER_TEXT:
        return None
    lines = data.splitlines()[:_LINES]
    if len(data) == _BEGINNING and len(lines) < _LINES:
        del lines[-1]
    if _is_csv(lines):
        return "csv"
    return "vocabulary" if lines and b"" not in lines and len(set(lines)) == len(lines) else None


def _kind_of_json(data: bytes, path: str) -> FileKind | None:
    first = _json(data.split(b"\n", 1)[0])
    if isinstance(first, dict) and first.keys() >= set(REJECT_KEYS):
        return "rejected"
    if os.path.basename(path) == MANIFEST:
        return "manifest"
    with open(path, "rb") as stream:
        whole = _json(stream.read())
    return "manifest" if isinstance(whole, dict) and whole.keys() >= MANIFEST_KEYS else None


def _json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _is_statistics(path: str) -> bool:
    with open(path, "rb") as stream:
        data = stream.read()
    try:
        return bool(statistics_pb2.DatasetFeatureStatisticsList.FromString(data).datasets)
    except DecodeError:
        return False


def _is_csv(lines: list[bytes]) -> bool:
    """Whether some delimiter occurs equally often in each line."""
    counts = [{line.count(character.encode()) for line in lines} for character in DELIMITERS]
    return len(lines) > 1 and any(len(found) == 1 and 0 not in found for found in counts)


def _guess(data: bytes, name: str) -> str:
    if not data:
        return ": it is empty"
    if name == "saved_model.pb":
        return ": it is the graph of a SavedModel, which `saved_model_cli show --all --dir FOLDER` shows"
    return ": it is JSON, but neither a manifest nor rejected rows" if _json(data) is not None else ""
