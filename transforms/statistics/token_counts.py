"""Counts tokens, in a hash table of the kernel's."""

import ctypes
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, from_numpy, to_numpy
from shardmill.transforms.kernel.described_columns import columns_of
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.numbers.list_cells import split_elements
from shardmill.transforms.statistics.tokens import SCHEMA, to_binary

# The most bytes of tokens in an array, whose offsets have 32 bits.
MOST_BYTES = (1 << 31) - 1
# A process's own: nobody can choose tokens that all have one hash.
_SEED = secrets.randbits(64)
_FIRST_ROOM = 32
_FIRST_BYTES = 1024
# The types whose arrays the kernel reads as they are.
_COUNTED = (pa.string(), pa.binary(), pa.large_string(), pa.large_binary())
# An entry's index has 32 bits.
_MOST = 1 << 31


_State = tuple[bool, npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]


class _Room(ctypes.Structure):
    """Tokens in native/statistics/tokens.c."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("slots", "offsets", "counts", "tags", "bytes")),
        *((name, ctypes.c_int64) for name in ("room", "size", "entries")),
        ("seed", ctypes.c_uint64),
        ("lines", ctypes.c_int64),
    )


class TokenCounts:
    """An accumulator of token counts.

    Its memory grows with the number of distinct tokens only.
    """

    def __init__(self, *, lines: bool = False) -> None:
        """Makes an empty accumulator.

        Args:
            lines: Whether tokens with a newline or a carriage return are counted, too.
        """
        self._lines = lines
        self._clear()

    def _clear(self) -> None:
        self._room = _Room(seed=_SEED, lines=self._lines)
        self._arrays: dict[str, npt.NDArray[Any]] = {
            "slots": np.zeros(0, np.uint64),
            "offsets": np.zeros(1, np.int64),
            "counts": np.zeros(0, np.int64),
            "tags": np.zeros(0, np.uint32),
            "bytes": np.zeros(0, np.uint8),
        }

    def update(self, tokens: pa.Array, delimiter: str | None = None) -> None:
        """Adds a block's tokens.

        Args:
            tokens: string, binary, integer (its decimal text is the token), or a dictionary of one
                of these. Nulls, empty tokens and, unless asked for, tokens with a newline or a
                carriage return aren't counted.
            delimiter: The text that separates the tokens of a cell, which are counted without the
                blanks around them. None means that a cell is one
                token.

        Raises:
            TypeError: The array is of another type.
        """
        if delimiter is None and tokens.type in _COUNTED:
            self._count(tokens, None)
            return
        counted = pc.value_counts(tokens)
        texts, counts = to_binary(counted.field("values")), counted.field("counts")
        if delimiter is not None:
            rows, texts = split_elements(texts, delimiter)
            counts = counts.take(from_numpy(rows))
        self._count(texts, to_numpy(counts))

    def add(self, table: pa.Table) -> None:
        """Adds a table of counts."""
        for batch in table.to_batches():
            self._count(batch.column("token"), to_numpy(batch.column("count")))

    def merge(self, other: "TokenCounts") -> None:
        """Adds the counts of another accumulator, which stays unchanged."""
        self.add(other.table())

    def table(self) -> pa.Table:
        """The counts as a table."""
        batches = [
            pa.RecordBatch.from_arrays([tokens, from_numpy(counts)], schema=SCHEMA) for tokens, counts in self._chunks()
        ]
        return pa.Table.from_batches(batches, SCHEMA)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the counts take."""
        return sum(array.nbytes for array in self._arrays.values()) if self._room.room else 0

    def __len__(self) -> int:
        return int(self._room.entries)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """int64: the bytes of each distinct token."""
        return np.diff(self._arrays["offsets"][: self._room.entries + 1])

    def __getstate__(self) -> _State:
        # Without the tags: another process has another seed.
        offsets = self._arrays["offsets"][: self._room.entries + 1]
        return self._lines, self._arrays["bytes"][: offsets[-1]], offsets, self._arrays["counts"][: self._room.entries]

    def __setstate__(self, state: _State) -> None:
        self._lines, octets, offsets, counts = state
        self._clear()
        self._count(binary_of(octets, offsets), counts)

    def _chunks(self) -> Iterator[tuple[pa.Array, npt.NDArray[np.int64]]]:
        """Counted tokens, in arrays of less than 2 GiB."""
        offsets = self._arrays["offsets"][: self._room.entries + 1]
        start = 0
        while start < self._room.entries:
            stop = int(np.searchsorted(offsets, offsets[start] + MOST_BYTES, side="right")) - 1
            low, high = offsets[start], offsets[stop]
            edges = (offsets[start : stop + 1] - low).astype(np.int32)
            yield binary_of(self._arrays["bytes"][low:high].copy(), edges), self._arrays["counts"][start:stop].copy()
            start = stop

    def _count(self, texts: pa.Array, weights: "npt.NDArray[np.int64] | None") -> None:
        rows = len(texts)
        if not rows:
            return
        columns = columns_of([texts], rows)
        data = texts.buffers()[2]
        if not self._room.room:
            self._grow(0)
        row = 0
        while True:
            row = kernel().kernel_count_tokens(ctypes.addressof(self._room), columns.table, data, weights, row, rows)
            if row == rows:
                return
            self._grow(pc.binary_length(texts[row]).as_py())

    def _grow(self, needed: int) -> None:
        """Makes room for more tokens, and for more bytes.

        Args:
            needed: The bytes that a token needs.

        Raises:
            MemoryError: There is no memory for it; the counts stay as they were.
        """
        old, arrays = self._room, dict(self._arrays)
        entries, room, size = old.entries, old.room, old.size
        used = int(arrays["offsets"][entries])
        if used + needed > size:
            size = max(2 * (used + needed), _FIRST_BYTES)
            arrays["bytes"] = _longer(arrays["bytes"], used, size)
        is_full = entries == room
        if is_full:
            room = max(2 * room, _FIRST_ROOM)
            assert room <= _MOST
            arrays["slots"] = np.zeros(2 * room, np.uint64)
            arrays["offsets"] = _longer(arrays["offsets"], entries + 1, room + 1)
            for name in ("counts", "tags"):
                arrays[name] = _longer(arrays[name], entries, room)
        addresses = {name: array.ctypes.data for name, array in arrays.items()}
        made = _Room(**addresses, room=room, size=size, entries=entries, seed=old.seed, lines=old.lines)
        if is_full:
            kernel().kernel_enter_tokens(ctypes.addressof(made))
        self._room, self._arrays = made, arrays


def _longer(array: npt.NDArray[Any], used: int, size: int) -> npt.NDArray[Any]:
    longer = np.empty(size, array.dtype)
    longer[:used] = array[:used]
    return longer
