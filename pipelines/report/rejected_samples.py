"""Samples of rejected rows, by reason."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isal import isal_zlib

from shardmill.pipelines.page.shown_text import shown
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.run_folder import GZIP_SUFFIX
from shardmill.transforms.files import enclosed
from shardmill.transforms.rows.counts import kind_of_reason
from shardmill.transforms.tfrecord.compress import GZIP_WBITS

# Reasons to show, and rows of each; characters of a row.
_REASONS, _EACH, _ROW = 12, 3, 240
# Compressed and decompressed bytes of the rejected rows that are looked at.
_COMPRESSED, _BYTES = 1 << 20, 2 << 20


@dataclass(frozen=True)
class Reason:
    """Rows that were rejected for one reason.

    Attributes:
        text: The reason, with the column.
        rows: Their number.
        samples: The first ones: where each stands, and the row itself.
    """

    text: str
    rows: int
    samples: tuple[tuple[str, str], ...]


def rejected_reasons(run: FinishedRun) -> list[Reason]:
    """The reasons for rejections, the most frequent first.

    Args:
        run: The run.
    """
    found = run.manifest["rejected"]
    samples: dict[str, list[tuple[str, str]]] = {}
    for file in found["files"][:1]:
        for line in _lines(run.folder, file["file"]):
            key = kind_of_reason(line.get("column"), str(line.get("reason")))
            if len(rows := samples.setdefault(key, [])) < _EACH:
                rows.append((f"{line.get('file')}, line {line.get('line')}", str(line.get("row"))))
    return most_frequent(found["reasons"], samples)


def most_frequent(reasons: Mapping[str, int], samples: Mapping[str, Sequence[tuple[str, str]]]) -> list[Reason]:
    """The most frequent reasons, with samples, as they are shown.

    Args:
        reasons: The number of rows for each reason.
        samples: Some of its rows: where each stands, and the row itself.
    """
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))[:_REASONS]
    return [
        Reason(
            shown(text, 200),
            rows,
            tuple((shown(where, 200), shown(row, _ROW)) for where, row in samples.get(text, ())[:_EACH]),
        )
        for text, rows in ordered
    ]


def _lines(folder: str, name: str) -> Iterator[dict[str, Any]]:
    with enclosed.open_file(folder, name) as stream:
        data = stream.read(_COMPRESSED)
    if name.endswith(GZIP_SUFFIX):
        data = _inflate(data)
    for line in io.BytesIO(data[:_BYTES]):
        if line.endswith(b"\n"):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def _inflate(data: bytes) -> bytes:
    """The beginning of gzip members, which may be cut."""
    found = bytearray()
    while data and len(found) < _BYTES:
        member = isal_zlib.decompressobj(wbits=GZIP_WBITS)
        found += member.decompress(data, _BYTES - len(found))
        data = member.unused_data if member.eof else b""
    return bytes(found)
