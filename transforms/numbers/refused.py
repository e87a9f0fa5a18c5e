"""Numbers that a feature can't use."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy

# "negative": the number must be finite and at least 0; "zero": it must not be 0.
Refusal = Literal["negative", "zero"]
_EXPECTED = {"negative": "a finite number of at least 0", "zero": "a number other than 0, as a divisor"}


def refused(values: pa.Array, refusal: Refusal) -> Iterator[tuple[int, str]]:
    """Finds the rows with a number that is refused.

    Args:
        values: int64 or float32; null where missing, which isn't refused.
        refusal: The numbers to refuse.

    Yields:
        The row, and the reason.
    """
    numbers = to_numpy(values)
    found = numbers == 0 if refusal == "zero" else ~((numbers >= 0) & (numbers < np.inf))
    if values.null_count:
        found &= to_numpy(values.is_valid().cast(pa.int8())) != 0
    for row in np.flatnonzero(found).tolist():
        yield row, f"expected {_EXPECTED[refusal]}, found {numbers[row]}"
