"""The benchmark's data sets: their columns, and blocks of rows from a seed.

The rows depend on the seed and their place alone, not on how many files they are cut into.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BLOCK_ROWS = 100_000
LABEL = "label"

# Draws a column: of the block that begins at a row, so many values.
_Draw = Callable[[np.random.Generator, int, int], pa.Array]
# Distinct values, Zipf-like, and what a value begins with.
_STRINGS = {
    "channel": (10, "channel_"),
    "district": (100, "district_"),
    "product": (5_000, "product_"),
    "customer": (50_000, "customer_"),
}
_NARROW_FLOATS = 8
_WIDE_FLOATS = 2_000
_REVIEW_WORDS = 40
_WORDS = 20_000


@dataclass(frozen=True)
class DataSet:
    """A data set, and what its job makes of it.

    Attributes:
        name: Its name on the command line.
        about: What is in it.
        numbers: The float columns, which are scaled to z-scores.
        strings: The string columns, which become ids of a vocabulary with a bucket for others.
        texts: The string columns that are hashed into 1,000 buckets.
        rows: The rows of a default run.
        rows_a_file: The rows of a file. None means that all rows are in one.
        quoted: Whether strings are in quotes.
    """

    name: str
    about: str
    numbers: dict[str, _Draw] = field(default_factory=dict)
    strings: dict[str, _Draw] = field(default_factory=dict)
    texts: dict[str, _Draw] = field(default_factory=dict)
    rows: int = 1_000_000
    rows_a_file: int | None = None
    quoted: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order of the file; the integer label is the last."""
        return (*self.numbers, *self.strings, *self.texts, LABEL)

    @property
    def schema(self) -> pa.Schema:
        """The columns' types as they are written."""
        types = [pa.float64()] * len(self.numbers) + [pa.string()] * (len(self.strings) + len(self.texts))
        return pa.schema(list(zip(self.columns, [*types, pa.int64()], strict=True)))

    def blocks(self, rows: int, seed: int = 0) -> Iterator[pa.Table]:
        """The rows, in blocks of the same size: memory doesn't grow with their number.

        Args:
            rows: How many in all.
            seed: Of the generator; block i draws from the seeds (seed, i).
        """
        size = max(1, BLOCK_ROWS * (1 + _NARROW_FLOATS) // len(self.columns)) if self.numbers else BLOCK_ROWS
        draws = {**self.numbers, **self.strings, **self.texts}
        for block, start in enumerate(range(0, rows, size)):
            rng = np.random.default_rng([seed, block])
            columns = {name: draw(rng, start, size) for name, draw in draws.items()}
            columns[LABEL] = pa.array(rng.integers(0, 2, size))
            yield pa.table(columns).slice(0, min(size, rows - start))


def _floats(index: int) -> _Draw:
    """Normal, skewed and uniform columns of different scale, with 4 decimals."""

    def draw(rng: np.random.Generator, _start: int, size: int) -> pa.Array:
        sorts: tuple[Callable[[], npt.NDArray[np.float64]], ...] = (
            lambda: rng.normal(0, 10.0 ** (index % 3), size),
            lambda: rng.exponential(20, size),
            lambda: rng.uniform(-1, 1, size),
        )
        return pa.array(np.round(sorts[index % 3](), 4))

    return draw


def _zipf(size: int, prefix: str) -> _Draw:
    """One of `size` words, the first ones more often."""
    words = pa.array([f"{prefix}{index:0{len(str(size - 1))}d}" for index in range(size)])
    cumulative = np.cumsum(1.0 / np.arange(1, size + 1))
    # The last is exactly 1, so that no draw below 1 falls beyond it.
    cumulative /= cumulative[-1]

    def draw(rng: np.random.Generator, _start: int, size: int) -> pa.Array:
        return words.take(pa.array(np.searchsorted(cumulative, rng.random(size), side="right")))

    return draw


def _distinct() -> _Draw:
    """A token that no other row has: 12 hexadecimal digits, in no order."""

    def draw(_rng: np.random.Generator, start: int, size: int) -> pa.Array:
        # An odd factor maps numbers below 2**48 one to one.
        keys = (np.arange(start, start + size, dtype=np.uint64) * np.uint64(0x5DEECE66D)) & np.uint64((1 << 48) - 1)
        digits = (keys[:, None] >> np.arange(44, -4, -4, dtype=np.uint64)) & np.uint64(15)
        text = np.frombuffer(b"0123456789abcdef", np.uint8)[digits.astype(np.int64)]
        offsets = np.arange(size + 1, dtype=np.int32) * 12
        return pa.Array.from_buffers(pa.string(), size, [None, pa.py_buffer(offsets), pa.py_buffer(text.tobytes())])

    return draw


def _reviews() -> _Draw:
    """Some 40 words with commas, quotes and newlines among them."""
    words = np.array([f"word{index}" for index in range(_WORDS)], dtype=object)
    words[::50] = 'so-called "word"'
    words[1::50] = "and,"
    words[2::50] = "end.\n"
    cumulative = np.cumsum(1.0 / np.arange(10, _WORDS + 10))
    cumulative /= cumulative[-1]

    def draw(rng: np.random.Generator, _start: int, size: int) -> pa.Array:
        drawn = words[np.searchsorted(cumulative, rng.random((size, _REVIEW_WORDS)), side="right")]
        return pa.array([" ".join(row) for row in drawn.tolist()])

    return draw


def _narrow(name: str, about: str, *, quoted: bool = False, rows_a_file: int | None = None, rows: int) -> DataSet:
    return DataSet(
        name,
        about,
        {f"float_{index}": _floats(index) for index in range(_NARROW_FLOATS)},
        {column: _zipf(*words) for column, words in _STRINGS.items()},
        rows=rows,
        rows_a_file=rows_a_file,
        quoted=quoted,
    )


DATA_SETS = {
    each.name: each
    for each in (
        _narrow(
            "narrow",
            "8 floats, 4 string columns with 10 to 50,000 distinct values, a label; 111 bytes a row",
            rows=1_000_000,
        ),
        _narrow("quoted", "the same with strings in quotes", quoted=True, rows=1_000_000),
        DataSet(
            "wide",
            "2,000 floats, a label",
            {f"float_{index}": _floats(index) for index in range(_WIDE_FLOATS)},
            rows=20_000,
        ),
        DataSet(
            "tokens",
            "a float, a string column with another value in each row, a label",
            {"float_0": _floats(0)},
            {"token": _distinct()},
            rows=1_000_000,
        ),
        DataSet(
            "text",
            "a float, reviews of some 40 words with commas, quotes and newlines, a label",
            {"float_0": _floats(0)},
            texts={"review": _reviews()},
            rows=100_000,
            quoted=True,
        ),
        _narrow("small-files", "as narrow, 50 rows in each file", rows_a_file=50, rows=100_000),
    )
}
