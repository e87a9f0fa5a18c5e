"""The time of each row, which may decide its split."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.messages import quoted
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.numbers.iso_times import iso_times
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.numbers.plain_numbers import plain_numbers

_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"
_NO_NULLS = pa.array([""], pa.string())


@dataclass(frozen=True)
class TimeKey:
    """The column of times that decides a row's split.

    Attributes:
        column: Its name.
        numeric: Whether it holds numbers; otherwise ISO 8601 dates or times.
        number_format: How it writes numbers. None means as usual.
    """

    column: str
    numeric: bool = False
    number_format: NumberFormat | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose text is needed."""
        return (self.column,)

    @property
    def by_unit(self) -> bool:
        """False: cells alone decide."""
        return False

    def begin(self, _unit: int) -> Callable[[Mapping[str, pa.Array], npt.NDArray[np.bool_]], tuple[pa.Array, Faults]]:
        """Returns the function that reads a unit's blocks in order."""
        return self.read

    def read(self, texts: Mapping[str, pa.Array], kept: npt.NDArray[np.bool_]) -> tuple[pa.Array, Faults]:
        """Reads each row's time.

        Args:
            texts: The columns' text, by name; null where missing.
            kept: One for each row.

        Returns:
            float64 for numbers, or int64, microseconds since 1970 in UTC; 0 where there is a fault.
            And the rows in which the time is missing or can't be read.
        """
        text = texts.get(self.column, pa.nulls(len(kept), pa.string()))
        times = self._numbers(text) if self.numeric else iso_times(text)
        faults: Faults = {}
        if times.null_count:
            wanted = "a number" if self.numeric else "a date or time such as 2020-01-31 or 2020-01-31T12:00:00"
            bad = np.flatnonzero(times.is_null().to_numpy(zero_copy_only=False))
            cells = text.take(pa.array(bad)).to_pylist()
            for row, cell in zip(bad.tolist(), cells, strict=True):
                found = f"expected {wanted}, by which rows are split, found {'none' if cell is None else quoted(cell)}"
                faults[row] = (self.column, found)
        return pc.fill_null(times, pa.scalar(0, times.type)), faults

    def _numbers(self, text: pa.Array) -> pa.Array:
        plain = plain_numbers(text, self.number_format, _NO_NULLS) if self.number_format else text
        trimmed = pc.ascii_trim_whitespace(plain)
        good = pc.match_substring_regex(trimmed, _NUMBER)
        return pc.if_else(good, pc.ascii_ltrim(trimmed, "+"), None).cast(pa.float64())
