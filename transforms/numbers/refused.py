"""Numbers that a feature can't use."""

from collections.abc import Iterator
from typing import Literal

import numpy as np
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy

# "negative": the number must be finite and at least 0; "zero": it must not be 0; "byte": it must be
# an integer from 0 to 255.
Refusal = Literal["negative", "zero", "byte"]
_BYTE = 255
_EXPECTED = {
    "negative": "a finite number of at least 0",
    "zero": "a number other than 0, as a divisor",
    "byte": "an integer from 0 to 255, as a pixel",
}
ZERO_REFUSED = f"expected {_EXPECTED['zero']}"
"""The beginning of the reason of a row whose divisor is 0."""


def refused(values: pa.Array, refusal: Refusal) -> Iterator[tuple[int, str]]:
    """Finds the rows with a number that is refused.

    Args:
        values: int64 or float32; null where missing, which isn't refused.
        refusal: The numbers to refuse.

    Yields:
        The row, and the reason.
    """
    numbers = to_numpy(values)
    if refusal == "zero":
        found = numbers == 0
    elif refusal == "negative":
        found = ~((numbers >= 0) & (numbers < np.inf))
    else:
        found = ~((numbers >= 0) & (numbers <= _BYTE) & (numbers == np.floor(numbers)))
    if values.null_count:
        found &= to_numpy(values.is_valid().cast(pa.int8())) != 0
    for row in np.flatnonzero(found).tolist():
        yield row, f"expected {_EXPECTED[refusal]}, found {numbers[row]}"
