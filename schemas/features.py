"""Output features: name, dtype, shape and range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Dtype = Literal["float32", "int64", "bytes"]

# Usual names of columns that models predict.
_USUAL_LABELS = ("label", "target", "class", "y")


def usual_label(names: Sequence[str]) -> str | None:
    """Finds the column that is called as labels are.

    None means that there is none. A `label` comes before a `target`, a `class` and a `y`, in any
    letter case.

    Args:
        names: The columns.
    """
    by_name = {name.lower(): name for name in reversed(names)}
    return next((by_name[name] for name in _USUAL_LABELS if name in by_name), None)


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
