"""Decodes Examples feature by feature, all records at once.

A run's records have the same features in the same order. So the decoder steps through all of them
together, and takes a feature's values from all records with few array operations.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import binary_of, binary_parts
from shardmill.schemas.errors import DataError

Octets = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]

# The wire format of tensorflow/core/example: tags of messages' first fields, and of a value.
_FIRST, _VALUE = 0x0A, 0x12
_BYTES, _FLOATS, _INTS = 0x0A, 0x12, 0x1A
# The most bytes of a varint, and of one that is the length of a message.
_VARINT, _LENGTH = 10, 5
_WORD = 4
_MORE = 0x80


@dataclass(frozen=True)
class Decoded:
    """The values of a feature in several records.

    Attributes:
        values: float32 or int64, those of all records, joined; or an Arrow array of large_binary,
            the first text of each record that has any.
        counts: The number of values of each record, int64; of texts, 2 stands for several.
    """

    values: npt.NDArray[Any] | pa.Array
    counts: Positions

    @property
    def is_scalar(self) -> bool:
        """Whether each record has one value."""
        return bool((self.counts == 1).all())


def decode_columns(records: pa.Array, wanted: Container[str] | None = None) -> dict[str, Decoded]:
    """Decodes the features that records have once.

    Args:
        records: large_binary: serialized Examples, or SequenceExamples, whose context is decoded.
        wanted: The names of the features to decode. None means all.

    Raises:
        DataError: A record isn't an Example, or has other features than the first one.
    """
    if not len(records):
        return {}
    offsets, data = binary_parts(records)
    edges = np.asarray(offsets, np.int64)
    return _Walk(np.frombuffer(data, np.uint8), edges[:-1], edges[1:]).features(wanted)


class _Walk:
    """A position in each record, all of which move together."""

    def __init__(self, data: Octets, at: Positions, stop: Positions) -> None:
        self._data = data
        self.at = at
        self.stop = stop

    def _some(self, filled: npt.NDArray[np.bool_]) -> "_Walk":
        """A walk of its own through some of the records."""
        return _Walk(self._data, self.at[filled], self.stop[filled])

    def features(self, wanted: Container[str] | None) -> dict[str, Decoded]:
        found: dict[str, Decoded] = {}
        if (self._octet(self.at) == _VALUE).all():
            # SequenceExamples without a context.
            return found
        length = self.enter(_FIRST)
        if not length.any():
            return found
        # Of a SequenceExample the lists follow.
        stop = self.at + length
        while (self.at < stop).any():
            entry = self.enter(_FIRST)
            after = self.at + entry
            name = self._name()
            self.enter(_VALUE)
            if wanted is None or name in wanted:
                found[name] = self._values(after)
            self.at = after
        return found

    def enter(self, tag: int) -> Positions:
        """Steps over a tag and a length; returns the lengths.

        Where records end at different messages, they differ.
        """
        self._check((self.at < self.stop).all() and (self._octet(self.at) == tag).all())
        self.at = self.at + 1
        length, self.at = self._varint(self.at, _LENGTH)
        self._check((self.at + length <= self.stop).all())
        return length

    def _name(self) -> str:
        length = self.enter(_FIRST)
        size = int(length[0])
        first = self._data[self.at[0] : self.at[0] + size]
        self._check((length == size).all())
        for index in range(size):
            self._check((self._octet(self.at + index) == first[index]).all())
        self.at = self.at + length
        try:
            return first.tobytes().decode()
        except UnicodeDecodeError as error:
            raise _wrong() from error

    def _values(self, after: Positions) -> Decoded:
        """The values of a Feature, which ends at `after`."""
        filled = self.at < after
        if not filled.any():
            return Decoded(np.empty(0, np.float32), np.zeros(len(after), np.int64))
        tag = int(self._octet(self.at[filled])[0])
        values, counts = _Walk(self._data, self.at[filled], after[filled]).list_values(tag)
        every = np.zeros(len(after), np.int64)
        every[filled] = counts
        return Decoded(values, every)

    def list_values(self, tag: int) -> tuple[Any, Positions]:
        """The values of a list of numbers or texts."""
        self.enter(tag)
        if tag == _BYTES:
            return self._texts()
        filled = self.at < self.stop
        lengths, starts = np.zeros(len(self.at), np.int64), self.at.copy()
        if filled.any():
            part = self._some(filled)
            lengths[filled] = part.enter(_FIRST)
            starts[filled] = part.at
        octets = self.gathered(starts, lengths)
        if tag == _FLOATS:
            self._check((lengths % _WORD == 0).all())
            return octets.view("<f4"), lengths // _WORD
        self._check(tag == _INTS)
        last = octets < _MORE
        ends = np.cumsum(lengths)
        before = np.concatenate([np.zeros(1, np.int64), np.cumsum(last)])
        self._check((last[ends[lengths > 0] - 1]).all())
        return _integers(octets, np.flatnonzero(last)), before[ends] - before[ends - lengths]

    def _texts(self) -> tuple[pa.Array, Positions]:
        """The first text of each record."""
        filled = self.at < self.stop
        part = self._some(filled)
        lengths = part.enter(_FIRST) if filled.any() else np.zeros(0, np.int64)
        octets = part.gathered(part.at, lengths)
        counts = filled.astype(np.int64)
        # Another text after the first one.
        counts[np.flatnonzero(filled)[part.at + lengths < part.stop]] += 1
        return binary_of(octets, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])), counts

    def gathered(self, starts: Positions, lengths: Positions) -> Octets:
        """The bytes of a range of each record, joined."""
        ends = np.cumsum(lengths)
        total = int(ends[-1]) if len(ends) else 0
        index = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
        found: Octets = np.take(self._data, index)
        return found

    def _varint(self, at: Positions, most: int) -> tuple[Positions, Positions]:
        """The varint at each position, and the position after it."""
        value = np.zeros(len(at), np.int64)
        going = np.ones(len(at), np.bool_)
        for index in range(most):
            octet = self._octet(at).astype(np.int64)
            value = np.where(going, value | (octet & (_MORE - 1)) << (7 * index), value)
            at = at + going
            going = going & (octet >= _MORE)
            if not going.any():
                return value, at
        raise _wrong()

    def _octet(self, at: Positions) -> Octets:
        return np.take(self._data, at, mode="clip")

    def _check(self, fine: Any) -> None:
        if not fine:
            raise _wrong()


def _integers(octets: Octets, ends: Positions) -> npt.NDArray[np.int64]:
    """Decodes varints, given where each ends."""
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1] + 1]) if len(ends) else ends
    lengths = ends - starts + 1
    values = np.zeros(len(ends), np.uint64)
    for index in range(min(int(lengths.max(initial=0)), _VARINT)):
        some = np.flatnonzero(lengths > index)
        octet = octets[starts[some] + index].astype(np.uint64)
        values[some] |= (octet & np.uint64(_MORE - 1)) << np.uint64(7 * index)
    return values.view(np.int64)


def _wrong() -> DataError:
    return DataError("records: expected Examples with the same features in the same order, received others")
