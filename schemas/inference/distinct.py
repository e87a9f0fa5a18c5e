"""The number of distinct strings in a column.

It is exact while they are few, and estimated from a sketch after that. Both numbers are functions
of the set of strings alone, so merges give the same result in any order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import bounds
from shardmill.schemas.splitmix import GAMMA, finalize

MOST_EXACT = 10_000
"""Most distinct strings that are kept, so that their count is exact."""

# Hashes kept in a sketch: the estimate's standard error is 1 / sqrt(_SKETCH), 6 %.
_SKETCH = 256
# Strings that a sketch keeps, and those of them to show.
_SAMPLES = 32
_EXAMPLES = 3
# Most characters of a kept string.
_EXAMPLE_LENGTH = 64
# Bytes of a uint64.
_WORD = 8


class Distinct:
    """An accumulator of the distinct strings of a column.

    It keeps all of them, or past a limit a sketch (KMV): the `_SKETCH` least hashes. The estimate
    is that of Bar-Yossef et al., "Counting distinct elements in a data stream" (2002): (k - 1) / u
    for k hashes of which the greatest is u, as a fraction of the hashes' range.

    Args:
        most_bytes: Most bytes of all distinct strings together for which they are kept.
    """

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.most_bytes = most_bytes
        self._strings: pa.Array | None = pa.array([], pa.string())
        self._pending: list[pa.Array] = []
        self._pending_size = [0, 0]
        self._sketch = Sketch(np.zeros(0, np.uint64), ())

    @property
    def is_exact(self) -> bool:
        """Whether all distinct strings are kept so far.

        Once False, it stays False.
        """
        return self._strings is not None

    @property
    def strings(self) -> pa.Array | None:
        """The distinct strings.

        None means that they are too many or too long to be kept.
        """
        self._compact()
        return self._strings

    @property
    def sketch(self) -> "Sketch":
        """The sketch of the strings."""
        strings = self.strings
        return self._sketch if strings is None else Sketch.of(strings)

    @property
    def count(self) -> int | None:
        """The exact number of distinct strings.

        None means that it isn't known, because they are too many or too long to be kept.
        """
        strings = self.strings
        return None if strings is None else len(strings)

    @property
    def estimate(self) -> float:
        """The number of distinct strings, exactly or from the sketch."""
        exact = self.count
        if exact is not None:
            return float(exact)
        hashes = self._sketch.hashes
        if len(hashes) < _SKETCH:  # few but long
            return float(len(hashes))
        return (len(hashes) - 1) / (float(hashes[-1]) / 2.0**64)

    @property
    def examples(self) -> tuple[str, ...]:
        """A few of the strings.

        They are the same in whatever order strings are added; long ones are truncated.
        """
        return self.samples[:_EXAMPLES]

    @property
    def samples(self) -> tuple[str, ...]:
        """Some of the strings, likewise."""
        return self.sketch.samples

    def update(self, strings: pa.Array) -> None:
        """Adds strings.

        Args:
            strings: Strings, none null or empty; they may repeat.
        """
        if not len(strings):
            return
        if self._strings is None:
            hashes = self._sketch.hashes
            self._sketch = self._sketch.union(Sketch.of(strings, hashes[-1] if len(hashes) == _SKETCH else None))
            return
        self._pending.append(strings)
        self._pending_size[0] += len(strings)
        self._pending_size[1] += strings.nbytes
        if self._pending_size[0] > MOST_EXACT or self._pending_size[1] > self.most_bytes:
            self._compact()

    def merge(self, other: "Distinct") -> None:
        """Adds the strings of another accumulator."""
        strings = other.strings
        if strings is not None:
            self.update(strings)
        else:
            self._sketch = self.sketch.union(other.sketch)
            self._strings = None

    def _compact(self) -> None:
        if self._strings is None or not self._pending:
            return
        strings = pc.unique(pa.concat_arrays([self._strings, *(part.cast(pa.string()) for part in self._pending)]))
        self._pending, self._pending_size = [], [0, 0]
        _, starts, stops = bounds(strings)
        if len(strings) > MOST_EXACT or int((stops - starts).sum()) > self.most_bytes:
            self._sketch = Sketch.of(strings)
            self._strings = None
        else:
            self._strings = strings

    def __getstate__(self) -> dict[str, object]:
        self._compact()
        return self.__dict__


@dataclass(frozen=True, eq=False)
class Sketch:
    """A sample of a set of strings that ignores order.

    Attributes:
        hashes: The least hashes of the strings, ascending: uint64, at most `_SKETCH`.
        samples: The strings of the first few hashes, truncated.
    """

    hashes: npt.NDArray[np.uint64]
    samples: tuple[str, ...]

    @classmethod
    def of(cls, strings: pa.Array, threshold: np.uint64 | None = None) -> "Sketch":
        """The sketch of strings.

        Args:
            strings: Strings, none null or empty; they may repeat.
            threshold: The greatest hash to consider. None means that all are considered.
        """
        hashes = fingerprints(strings)
        if threshold is not None:
            low = hashes <= threshold
            if not low.any():
                return cls(hashes[:0], ())
            strings, hashes = strings.filter(pa.array(low)), hashes[low]
        least = np.unique(hashes)[:_SKETCH]
        if not len(least):
            return cls(least, ())
        shown = least[:_SAMPLES]
        texts = pc.unique(strings.filter(pa.array(hashes <= shown[-1])))
        return cls(least, tuple(_samples(texts, shown)))

    def union(self, other: "Sketch") -> "Sketch":
        """The sketch of both sets' union."""
        samples: dict[int, str] = {}
        for sketch in (self, other):
            for value, text in zip(sketch.hashes[:_SAMPLES].tolist(), sketch.samples, strict=True):
                samples[value] = min(text, samples.get(value, text))
        hashes = np.unique(np.concatenate([self.hashes, other.hashes]))[:_SKETCH]
        return Sketch(hashes, tuple(samples[value] for value in hashes[:_SAMPLES].tolist()))


def _samples(strings: pa.Array, hashes: npt.NDArray[np.uint64]) -> Iterator[str]:
    """Yields the string of each hash, truncated.

    Nearly always there is one; the least of several counts.
    """
    found = fingerprints(strings)
    texts = pc.utf8_slice_codeunits(strings, 0, _EXAMPLE_LENGTH).to_pylist()
    by_hash: dict[int, str] = {}
    for value, text in zip(found.tolist(), texts, strict=True):
        by_hash[value] = min(text, by_hash.get(value, text))
    yield from (by_hash[value] for value in hashes.tolist())


def fingerprints(strings: pa.Array) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each string, for estimates.

    It covers the string's length and its first, middle and last 8 bytes. Strings that differ only
    elsewhere share a hash: good enough for an estimate, not for identity. The mixing is
    SplitMix64's.

    Args:
        strings: Strings, none null or empty.

    Returns:
        uint64 [len(strings)].
    """
    data, starts, stops = bounds(strings)
    low = int(starts[0]) if len(starts) else 0
    high = int(stops[-1]) if len(stops) else 0
    pad = np.zeros(8, np.uint8)
    padded = np.concatenate([pad, data[low:high], pad])
    words = np.ndarray((len(padded) - 7,), "<u8", padded, strides=(1,))  # the 8 bytes from each byte on
    starts, stops = starts - low, stops - low
    lengths = stops - starts
    shift = (8 * (_WORD - np.minimum(lengths, _WORD))).astype(np.uint64)
    head = (words[starts + 8] << shift).astype(np.uint64)
    tail = (words[stops] >> shift).astype(np.uint64)
    middle = np.where(lengths > 2 * _WORD, words[starts + 4 + lengths // 2], 0).astype(np.uint64)
    return _mix(head ^ _mix(tail ^ _mix(middle + lengths.astype(np.uint64))))


def _mix(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    # Without the gamma, 0 would stay 0.
    return finalize(words + GAMMA)
