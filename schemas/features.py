"""Output features: name, dtype, shape and range."""

from dataclasses import dataclass
from typing import Literal

Dtype = Literal["float32", "int64", "bytes"]

USUAL_LABELS = ("label", "target", "class", "y")
"""Usual names of columns that models predict."""


@dataclass(frozen=True)
class FeatureSpec:
    """The name, dtype, shape and range of an output feature.

    Attributes:
        name: The feature's name in the Examples.
        dtype: The feature's dtype in the Examples.
        shape: The shape of one row, which the Examples hold flattened row-major: () is a scalar.
            None means a list whose length varies by row.
        minimum: The least value. None means that it isn't known.
        maximum: The greatest value. None means that it isn't known.
        is_categorical: Whether the number is the id of a category.
    """

    name: str
    dtype: Dtype
    shape: tuple[int, ...] | None = ()
    minimum: int | None = None
    maximum: int | None = None
    is_categorical: bool = False
