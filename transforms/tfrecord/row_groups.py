"""Encodes rows in groups of equal layout, the fast way.

Each group is filled as one matrix of bytes.

Within a group every tag, size and key is the same, so a row is a template with the values at fixed
offsets. The frame's header is part of the template, and the record's checksum comes from the
template's by table look-ups (see `transforms.tfrecord.crc32c`).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.tfrecord.crc32c import TERMS, crcs_of, mask
from shardmill.transforms.tfrecord.frames import FOOTER_BYTES, HEADER_BYTES, headers
from shardmill.transforms.tfrecord.wire import Encoded, Fixed, entry_prefix, varint

# Rows that a group should have, on average, beyond the first few groups: a group costs some 100 us,
# joining its rows otherwise some 600 ns each.
_ROWS_PER_GROUP = 128
_FREE_GROUPS = 4
# The number of layouts that a uint16 can number.
_MAX_CODES = 1 << 16
# Bytes of a row's values, and of its record, up to which a table look-up for each byte is faster
# than one C call for each record.
_LOOKUP_BYTES = 400
_LOOKUP_RECORD = 8192
# Bytes of the longest values that are copied a word at a time; longer ones are copied a row at a
# time.
_WORDS_BYTES = 64
# Bytes of the largest binary array: its offsets are int32.
_MAX_BYTES = np.iinfo(np.int32).max


def group_rows(encoded: Sequence[Encoded], rows: int, *, framed: bool) -> pa.Array | None:
    """Encodes rows as Examples, in order.

    Args:
        encoded: The features in the order of their keys.
        rows: The number of rows.
        framed: Whether each record is framed as a TFRecord.

    Returns:
        binary, one record or frame for each row. None means that this way doesn't fit: there are
        too many groups, or more than 2 GiB.
    """
    codes = _codes(encoded, rows)
    if codes is None:
        return None
    counts = np.bincount(codes)
    groups = np.flatnonzero(counts)
    if len(groups) > _FREE_GROUPS + rows // _ROWS_PER_GROUP:
        return None
    order = np.argsort(codes, kind="stable") if len(groups) > 1 else None
    features = [feature.take(order) for feature in encoded] if order is not None else list(encoded)
    bounds = np.concatenate([[0], np.cumsum(counts[groups])]).tolist()
    layouts = [
        _Layout([_length(feature, start) for feature in features], features, framed=framed)
        for start in bounds[:-1]
        if start < rows
    ]
    sizes = np.repeat([layout.size for layout in layouts], counts[groups]) if layouts else np.zeros(0, np.int64)
    offsets = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(sizes, out=offsets[1:])
    if offsets[-1] > _MAX_BYTES:
        return None
    data = np.empty(offsets[-1], dtype=np.uint8)
    for layout, start, stop in zip(layouts, bounds[:-1], bounds[1:], strict=False):
        layout.fill(data[offsets[start] : offsets[stop]].reshape(stop - start, layout.size), features, start, stop)
    array = pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)])
    if order is None:
        return array
    positions = np.empty(rows, dtype=np.int64)
    positions[order] = np.arange(rows)
    return array.take(pa.array(positions))


def _codes(encoded: Sequence[Encoded], rows: int) -> npt.NDArray[np.uint16] | None:
    """A number for each row's layout.

    None means that there may be too many layouts.
    """
    codes = np.zeros(rows, dtype=np.uint16)
    count = 1
    for feature in encoded:
        if isinstance(feature, Fixed) or not rows:
            continue
        low = int(feature.lengths.min())
        spread = int(feature.lengths.max()) - low + 1
        count *= spread
        if count > _MAX_CODES:
            return None
        if spread > 1:
            codes = codes * np.uint16(spread) + (feature.lengths - low).astype(np.uint16)
    return codes


def _length(feature: Encoded, row: int) -> int:
    return feature.width if isinstance(feature, Fixed) else int(feature.lengths[row])


class _Layout:
    """The offsets of values in the rows of a group.

    Attributes:
        size: Bytes of a row.
    """

    def __init__(self, lengths: Sequence[int], features: Sequence[Encoded], *, framed: bool) -> None:
        self._lengths = lengths
        self._framed = framed
        prefixes = [
            entry_prefix(feature.name, feature.dtype, length) for feature, length in zip(features, lengths, strict=True)
        ]
        head = b"\x0a" + varint(sum(map(len, prefixes)) + sum(lengths))
        record = head + b"".join(prefix + bytes(length) for prefix, length in zip(prefixes, lengths, strict=True))
        self._record = len(record)
        before = headers(np.array([len(record)])).tobytes() if framed else b""
        self._template = before + record + bytes(FOOTER_BYTES if framed else 0)
        self._blank_crc = crcs_of([record], 1)[0]
        self.size = len(self._template)
        self._offsets = (
            len(before) + len(head) + np.cumsum(list(map(len, prefixes))) + np.cumsum([0, *lengths])[:-1]
        ).tolist()

    def fill(self, matrix: npt.NDArray[np.uint8], features: Sequence[Encoded], start: int, stop: int) -> None:
        """Writes rows `start` to `stop` of the features.

        They are the rows of the group.
        """
        # Each row is one element: copying is four times as fast as by bytes.
        matrix.view(f"V{self.size}")[:, 0] = np.void(self._template)
        crcs = np.full(stop - start, self._blank_crc, dtype=np.uint32)
        look_up = self._framed and sum(self._lengths) <= _LOOKUP_BYTES and self._record <= _LOOKUP_RECORD
        for feature, offset, length in zip(features, self._offsets, self._lengths, strict=True):
            values = feature.matrix(start, stop, length)
            _put(matrix, offset, values)
            if look_up and length:
                terms = TERMS.reach(self._record)
                end = HEADER_BYTES + self._record - offset
                for byte in range(length):
                    crcs ^= terms[end - byte - 1].take(values[:, byte])
        if self._framed and not look_up:
            records = matrix[:, HEADER_BYTES : HEADER_BYTES + self._record]
            crcs = crcs_of(map(bytes, records), stop - start)
        if self._framed:
            _put(matrix, self.size - FOOTER_BYTES, mask(crcs).astype("<u4").view(np.uint8).reshape(-1, FOOTER_BYTES))


def _put(matrix: npt.NDArray[np.uint8], offset: int, values: npt.NDArray[np.uint8]) -> None:
    """Copies values into consecutive columns, by the widest words possible.

    `offset` is the first column.
    """
    left = values.shape[1]
    if left > _WORDS_BYTES:
        matrix[:, offset : offset + left] = values
        return
    at = 0
    for width in (8, 4, 2, 1):
        while left - at >= width:
            target = matrix[:, offset + at : offset + at + width].view(f"u{width}")
            target[:] = values[:, at : at + width].view(f"u{width}")
            at += width
