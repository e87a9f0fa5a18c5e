"""What was read: rows per unit and split, and what was rejected and why."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.csv.dialect import ENCODING_HINT, UNDECODABLE
from shardmill.transforms.files.checksums import NO_BYTES, Checksum

# So many rejected rows are quoted in a message.
SHOWN = 5
_SHOWN_BYTES = 120


@dataclass(frozen=True)
class UnitCount:
    """One unit's rows.

    Attributes:
        unit: The unit's index.
        path: Its file.
        rows: Good rows per split, in the order of the split rule's names.
        rejected: Rejected rows.
        checksum: Of its bytes.
    """

    unit: int
    path: str
    rows: tuple[int, ...]
    rejected: int
    checksum: Checksum = NO_BYTES

    @property
    def read(self) -> int:
        """All rows of the unit."""
        return sum(self.rows) + self.rejected


def file_checksums(counts: Iterable[UnitCount]) -> dict[str, Checksum]:
    """The checksum of each file, by its path.

    Args:
        counts: All units', in any order.
    """
    checksums: dict[str, Checksum] = {}
    for count in sorted(counts, key=lambda count: count.unit):
        checksums[count.path] = checksums.get(count.path, NO_BYTES) + count.checksum
    return checksums


@dataclass
class Rejections:
    """Counts of rejected rows by reason, and the first few of them in the input's order.

    Merging is associative and commutative: the result depends on the rejected rows alone.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    first: list[tuple[int, Reject]] = field(default_factory=list)

    def update(self, unit: int, rejects: Sequence[Reject]) -> None:
        """Adds the rejected rows of a block.

        Args:
            unit: The index of the unit that they are from.
            rejects: The rows.
        """
        self.reasons.update(_kind(reject) for reject in rejects)
        self._keep((unit, reject) for reject in rejects[:SHOWN])

    def merge(self, other: "Rejections") -> None:
        """Adds another's."""
        self.reasons.update(other.reasons)
        self._keep(other.first)

    def _keep(self, rejects: Iterable[tuple[int, Reject]]) -> None:
        self.first = sorted([*self.first, *rejects], key=lambda pair: (pair[0], pair[1].line))[:SHOWN]

    @property
    def total(self) -> int:
        """The number of rejected rows."""
        return sum(self.reasons.values())

    def describe(self) -> str:
        """The first few rejected rows, one a line: file, line, column, reason, row."""
        return "\n".join(f"  {describe(reject)}" for _, reject in self.first)

    @property
    def hint(self) -> str:
        """What setting may help, where the reasons say so."""
        return f" {ENCODING_HINT}" if any(UNDECODABLE in reason for reason in self.reasons) else ""

    def check(self, read: int, max_bad_fraction: float) -> None:
        """Holds the rejected rows against the allowed fraction.

        Args:
            read: All rows read.
            max_bad_fraction: The largest fraction of them that may be rejected.

        Raises:
            DataError: More are rejected; the message shows the first few.
        """
        if self.total > max_bad_fraction * read:
            raise DataError(
                f"{self.total:,} of {read:,} rows are bad ({self.total / read:.2%}), more than [input] max_bad_fraction = "
                f"{max_bad_fraction:g} allows. The first:\n{self.describe()}\n"
                "Mend the data, change the schema or the dialect, give features a `missing` that stands for missing values "
                "(`missing = 0`), or raise max_bad_fraction." + self.hint
            )


def describe(reject: Reject) -> str:
    """One rejected row: where, why and (its beginning) what."""
    column = f", column {reject.column!r}" if reject.column is not None else ""
    row = reject.row[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return f"{reject.file}, line {reject.line}{column}: {reject.reason}: {row!r}{'...' if len(reject.row) > _SHOWN_BYTES else ''}"


def _kind(reject: Reject) -> str:
    reason = re.sub(r",? found .*", "", reject.reason, flags=re.DOTALL)
    return f"{reject.column}: {reason}" if reject.column is not None else reason
