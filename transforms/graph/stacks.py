"""Raw columns that share tensors.

Columns of packed features are the rows of one tensor, which the transform phase feeds as one.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import tensorflow as tf

from shardmill.transforms.kinds.base import Tensor


class Stacks(Mapping[str, Tensor]):
    """Raw columns, some of them rows of one tensor.

    Each is of shape [batch].
    """

    def __init__(self, tensors: Mapping[tuple[str, ...], Tensor]) -> None:
        """Takes the tensors, in the graph that is being traced.

        Args:
            tensors: By columns their tensor: [batch] of one column, [columns, batch] of several.
        """
        self._tensors = tensors
        self._positions = {name: (columns, row) for columns in tensors for row, name in enumerate(columns)}
        self._rows = cache(lambda columns: unstack(tensors[columns], len(columns)))

    def stacked(self, columns: tuple[str, ...]) -> Tensor:
        """[columns, batch]: columns as the rows of one tensor."""
        if columns in self._tensors:
            return self._tensors[columns]
        return tf.raw_ops.Pack(values=[self[name] for name in columns], axis=0)

    def __getitem__(self, name: str) -> Tensor:
        """A column: [batch]."""
        columns, row = self._positions[name]
        return self._rows(columns)[row]

    def __iter__(self) -> Iterator[str]:
        """All columns' names."""
        return iter(self._positions)

    def __len__(self) -> int:
        """The number of columns."""
        return len(self._positions)


def stack(tensors: Sequence[Tensor]) -> Tensor:
    """Puts tensors into one, as its rows.

    A single one stays as it is.
    """
    return tf.raw_ops.Pack(values=tensors, axis=0) if len(tensors) > 1 else tensors[0]


def unstack(tensor: Tensor, size: int) -> list[Tensor]:
    """Undoes `stack`.

    Args:
        tensor: The tensor.
        size: The number of tensors that were put into it.
    """
    rows: list[Tensor] = tf.raw_ops.Unpack(value=tensor, num=size, axis=0) if size > 1 else [tensor]
    return rows
