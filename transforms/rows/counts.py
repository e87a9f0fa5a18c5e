"""Rows by unit and split; rejected rows and their limit."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.blocks import Reject
from shardmill.transforms.csv.dialect import UNDECODABLE
from shardmill.transforms.files.checksums import NO_BYTES, Checksum
from shardmill.transforms.numbers.refused import ZERO_REFUSED
from shardmill.transforms.records.skipped import Skipped
from shardmill.transforms.sniff.suggest_encoding import suggest_encoding

# Rejected rows quoted in a message, and the bytes shown of each.
SHOWN = 5
_SHOWN_BYTES = 120
# Bytes kept of each at its beginning, for a message and to guess an encoding, and at its end.
_KEPT_BYTES = 4096
_KEPT_END = 8
_REMEDY = (
    "Fix the data, change the schema or the dialect, give features other than labels a `missing` that stands for missing values "
    "(`missing = 0`), or raise max_bad_fraction, as for rows without a label"
)
_RAGGED = re.compile(r"expected (\d+) columns?, found (\d+)")
# The largest difference in cells that is counted, so that memory doesn't grow with the rows.
_FAR = 1000


@dataclass(frozen=True)
class UnitCount:
    """The rows of one unit.

    Attributes:
        unit: The unit's index.
        path: Its file.
        rows: Accepted rows per split, in the order of the split rule's names.
        rejected: Rejected rows.
        checksum: The checksum of its bytes.
        skipped: Its lines that are no rows.
        filtered: The number of rows that a filter left out, by setting.
        sha256: The SHA-256 of its bytes, and of which of its rows repeat others. None means that it
            wasn't needed.
    """

    unit: int
    path: str
    rows: tuple[int, ...]
    rejected: int
    checksum: Checksum = NO_BYTES
    skipped: Skipped = field(default_factory=Skipped)
    filtered: Mapping[str, int] = field(default_factory=dict)
    sha256: bytes | None = None

    @property
    def read(self) -> int:
        """All rows of the unit."""
        return sum(self.rows) + self.rejected + sum(self.filtered.values())


def file_checksums(counts: Iterable[UnitCount]) -> dict[str, Checksum]:
    """The checksum of each file, by its path.

    Args:
        counts: The counts of all units, in any order.
    """
    checksums: dict[str, Checksum] = {}
    for count in sorted(counts, key=lambda count: count.unit):
        checksums[count.path] = checksums.get(count.path, NO_BYTES) + count.checksum
    return checksums


def filtered_rows(counts: Iterable[UnitCount]) -> dict[str, int]:
    """The numbers of rows left out, by setting.

    Args:
        counts: The counts of all units.
    """
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count.filtered)
    return dict(sorted(total.items()))


def skipped_lines(counts: Iterable[UnitCount]) -> dict[str, int]:
    """The numbers of skipped lines, by reason.

    Reasons that no line has are absent.

    Args:
        counts: The counts of all units.
    """
    total = Skipped()
    for count in counts:
        total.add(count.skipped)
    reasons = {"above": total.above, "comments": total.comments, "blank": total.blank}
    return {reason: lines for reason, lines in reasons.items() if lines}


@dataclass
class Rejections:
    """Rejected rows: counts by reason, and the first few.

    The first few are first in the input's order. Merging is associative and commutative: the result
    depends on the rejected rows alone.

    Attributes:
        reasons: The number of rows for each reason.
        first: The first few, each with the index of its unit. Of long rows they have the beginning
            and the last bytes.
        widths: The number of rows for each pair of an expected and another number of cells, if the
            two aren't far apart.
    """

    reasons: Counter[str] = field(default_factory=Counter)
    first: list[tuple[int, Reject]] = field(default_factory=list)
    widths: Counter[tuple[int, int]] = field(default_factory=Counter)

    def update(self, unit: int, rejects: Sequence[Reject]) -> None:
        """Adds the rejected rows of a block.

        Args:
            unit: The index of their unit.
            rejects: The rows.
        """
        self.reasons.update(kind_of_reason(reject.column, reject.reason) for reject in rejects)
        self.widths.update(filter(None, map(_width, rejects)))
        self._keep((unit, _shorten(reject)) for reject in rejects[:SHOWN])

    def merge(self, other: "Rejections") -> None:
        """Adds the rejected rows of another accumulator."""
        self.reasons.update(other.reasons)
        self.widths.update(other.widths)
        self._keep(other.first)

    def _keep(self, rejects: Iterable[tuple[int, Reject]]) -> None:
        self.first = sorted([*self.first, *rejects], key=lambda pair: (pair[0], pair[1].line))[:SHOWN]

    def move_down(self, above: Sequence[int]) -> None:
        """Adds lines above each unit to the line numbers.

        Args:
            above: The lines, by the unit's index.
        """
        self.first = [(unit, replace(reject, line=reject.line + above[unit])) for unit, reject in self.first]

    @property
    def total(self) -> int:
        """The number of rejected rows."""
        return sum(self.reasons.values())

    def describe(self) -> str:
        """Lists the first few rejected rows, one a line.

        Each line has the file, line, column, reason and row.
        """
        return "\n".join(f"  {describe(reject)}" for _, reject in self.first)

    @property
    def hint(self) -> str:
        """Settings that may help, judging by the rows.

        Each is a line.
        """
        hints = []
        if any(ZERO_REFUSED in reason for reason in self.reasons):
            hints.append('To keep rows whose divisor is 0, give `zero_divisor` a number, or "missing"')
        if any(UNDECODABLE in reason for reason in self.reasons):
            rows = [reject.row for _, reject in self.first if f"{UNDECODABLE} 'utf-8'" in reject.reason]
            hints.append(suggest_encoding(rows))
        return "".join(f"\n{hint}" for hint in hints)

    def check_bad_fraction(self, read: int, max_bad_fraction: float, problem: str = "", remedy: str = "") -> None:
        """Raises an error if too many rows were rejected.

        Args:
            read: All rows read.
            max_bad_fraction: The largest fraction of them that may be rejected.
            problem: The one thing wrong with most of them, if there is such.
            remedy: What can be done about that.

        Raises:
            DataError: More are rejected. The message shows the first few.
        """
        if self.total > max_bad_fraction * read:
            raise DataError(
                f"{self.total:,} of {read:,} rows are bad ({self.total / read:.2%}), more than [input] max_bad_fraction = "
                f"{max_bad_fraction:g} allows{problem and ': '}{problem}. The first:\n{self.describe()}\n{remedy or _REMEDY}{self.hint}"
            )


def describe(reject: Reject) -> str:
    """Formats one rejected row for a message.

    It says where the row is, why it was rejected, and how it begins.
    """
    row = reject.row[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    return f"{located(reject)}: {row!r}{'...' if len(reject.row) > _SHOWN_BYTES else ''}"


def located(reject: Reject) -> str:
    """Tells where a rejected row is, and the reason."""
    column = f", column {reject.column!r}" if reject.column is not None else ""
    return f"{reject.file}, line {reject.line}{column}: {reject.reason}"


def _shorten(reject: Reject) -> Reject:
    """The rejected row without the middle of a long one."""
    if len(reject.row) <= _KEPT_BYTES + _KEPT_END:
        return reject
    return replace(reject, row=reject.row[:_KEPT_BYTES] + reject.row[-_KEPT_END:])


def _width(reject: Reject) -> tuple[int, int] | None:
    """The expected and the found number of cells, if close."""
    match = _RAGGED.match(reject.reason) if reject.column is None else None
    if match is None:
        return None
    expected, found = int(match[1]), int(match[2])
    return (expected, found) if abs(found - expected) <= _FAR else None


def kind_of_reason(column: str | None, reason: str) -> str:
    """A reason for rejections, without the cell.

    Args:
        column: The column; None where the reason isn't about one.
        reason: The reason of one row.
    """
    kind = re.sub(r",? found .*", "", reason, flags=re.DOTALL)
    return f"{column}: {kind}" if column is not None else kind
