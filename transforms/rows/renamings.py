"""Columns that were renamed because of their headers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shardmill.transforms.records.repair_names import Renamed

# The most headers kept, so that memory doesn't grow with the files.
_MOST = 10


@dataclass
class Renamings:
    """The columns that were renamed, once for each distinct header.

    Of more than ten headers, the first ten in the input's order are kept. Merging is associative
    and commutative.

    Attributes:
        first: The first unit with each list of renamed columns, by its index and its file.
    """

    first: dict[tuple[Renamed, ...], tuple[int, str]] = field(default_factory=dict)

    def update(self, unit: int, path: str, renamed: Sequence[Renamed]) -> None:
        """Adds the renamed columns of a unit, if any.

        Args:
            unit: The unit's index.
            path: Its file.
            renamed: The columns.
        """
        if renamed:
            self._keep(tuple(renamed), (unit, path))

    def merge(self, other: "Renamings") -> None:
        """Adds those of another accumulator."""
        for renamed, where in other.first.items():
            self._keep(renamed, where)

    @property
    def by_file(self) -> list[tuple[str, tuple[Renamed, ...]]]:
        """The first file with each list of renamed columns."""
        ordered = sorted((where, renamed) for renamed, where in self.first.items())
        return [(path, renamed) for (_, path), renamed in ordered]

    def _keep(self, renamed: tuple[Renamed, ...], where: tuple[int, str]) -> None:
        self.first[renamed] = min(where, self.first.get(renamed, where))
        if len(self.first) > _MOST:
            del self.first[max(self.first, key=lambda each: (self.first[each], each))]
