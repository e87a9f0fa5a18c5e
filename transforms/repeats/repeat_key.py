"""The key by which rows repeat others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.csv.selection import RowKey, Selection, SplitKey


@dataclass(frozen=True)
class RepeatKey:
    """The text of a key, in place of the split's.

    Attributes:
        key: The columns that rows repeat.
        split: What decides a row's split, which rejects rows. None means that nothing does.
    """

    key: SplitKey
    split: RowKey | None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose text is needed."""
        return (*self.key.columns, *(self.split.columns if self.split else ()))

    @property
    def by_unit(self) -> bool:
        """Whether the split depends on the unit's index."""
        return self.split is not None and self.split.by_unit

    def begin(self, unit: int) -> Callable[[Mapping[str, pa.Array], npt.NDArray[np.bool_]], tuple[pa.Array, Faults]]:
        """Returns the function that reads a unit's blocks in order."""
        split = self.split.begin(unit) if self.split else None

        def read(texts: Mapping[str, pa.Array], kept: npt.NDArray[np.bool_]) -> tuple[pa.Array, Faults]:
            return self.key.join(texts, len(kept)), split(texts, kept)[1] if split else {}

        return read


def keyed(selection: Selection) -> Selection:
    """The selection that reads the rows which may repeat others.

    They are the good ones that a condition leaves in; their key is the one that they repeat.

    Args:
        selection: One whose filter finds repeated rows.
    """
    assert selection.filter is not None
    assert selection.filter.repeats is not None
    key = RepeatKey(selection.filter.repeats.key, selection.key)
    return replace(selection, key=key, filter=selection.filter.condition, tracked=None)
