"""Common parts of kinds of lists in a cell."""

from dataclasses import dataclass, field

from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.text.made_kind import RankKind


@dataclass(frozen=True, kw_only=True)
class ListKind(RankKind):
    """A kind of lists.

    Attributes:
        delimiter: The text between elements. Blanks around elements are stripped, and empty
            elements are left out.
        max_length: The number of elements of every row: longer ones are cut, shorter ones padded at
            the end. None means rows of varying length.
        ragged: Whether `max_length` only cuts, and shorter rows keep their length.
    """

    # A parameter here, which has no default.
    delimiter: str = field()  # type: ignore[misc]
    max_length: int | None = None
    ragged: bool = False

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if not self.delimiter.strip() and self.delimiter not in (" ", "\t"):
            raise self.error(f"expected a `delimiter` that isn't empty, received {self.delimiter!r}")
        if self.max_length is not None and self.max_length < 1:
            raise self.error(f"expected `max_length` to be at least 1, received {self.max_length!r}")
        if self.ragged and self.max_length is None:
            raise self.error("expected `ragged` with `max_length`, received none; without it, all rows vary: remove it")

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The outputs' shape; None means that it varies."""
        return None if self.max_length is None or self.ragged else (self.max_length,)

    def fitted(self, trace: Trace, values: Tensor, padding: float) -> Tensor:
        """Cuts and pads rows.

        Args:
            trace: The graph.
            values: A RaggedTensor [batch, None].
            padding: The value that is added to short rows.

        Returns:
            A RaggedTensor; or [batch, max_length].
        """
        if self.max_length is None:
            return values
        cut = values[:, : self.max_length]
        if self.ragged:
            return cut
        return cut.to_tensor(trace.tf.constant(padding, values.dtype), shape=[None, self.max_length])
