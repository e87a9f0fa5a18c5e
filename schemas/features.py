"""Output features: name, dtype, shape and range."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Dtype = Literal["float32", "int64", "bytes"]

# Usual names of columns that models predict.
_USUAL_LABELS = (
    *("label", "target", "class", "y", "outcome", "clicked", "click", "converted", "conversion", "purchased", "bought"),
    *("churned", "churn", "is_fraud", "fraud", "survived", "sentiment", "rating", "stars"),
)


# The most numbers of an embedding.
_UNITS = 32


def embedding_units(ids: int) -> int:
    """The numbers to embed each id in.

    They are half as many as ids, and at most 32.

    Args:
        ids: The number of different ids.
    """
    return min(_UNITS, (ids + 1) // 2)


def usual_label(names: Sequence[str]) -> str | None:
    """Finds the column that is called as labels are.

    None means that there is none. A `label` comes before a `target`, a `class` and a `y`, and these
    before what names say of some data, such as `click` or `rating`; in any letter case.

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
        part_of: The sparse feature whose indices or values these are. None means that it is a
            feature by itself.
    """

    name: str
    dtype: Dtype
    shape: tuple[int, ...] | None = ()
    minimum: int | None = None
    maximum: int | None = None
    is_categorical: bool = False
    part_of: str | None = None


def sparse_specs(name: str, dtype: Dtype, size: int) -> tuple[FeatureSpec, FeatureSpec]:
    """The specs of a sparse feature.

    They are its indices, ascending in each row, and its values, as `tf.io.SparseFeature` reads
    them, named as in TF Transform.

    Args:
        name: The feature's name.
        dtype: The dtype of its values.
        size: The size of its rows.
    """
    return (
        FeatureSpec(f"{name}$sparse_indices_0", "int64", None, 0, size - 1, part_of=name),
        FeatureSpec(f"{name}$sparse_values", dtype, None, part_of=name),
    )
