"""Checks whether a job may go on with the rows that it has found."""

from collections.abc import Sequence
from dataclasses import dataclass

from shardmill.transforms.analyze import Findings
from shardmill.transforms.rows.counts import UnitCount
from shardmill.transforms.rows.row_plan import check_rows, check_splits
from shardmill.transforms.rows.splits import SplitRule


@dataclass(frozen=True)
class RowLimits:
    """What the rows must be for the job to go on.

    Attributes:
        max_bad_fraction: The largest part of rows that may be bad.
        splits: The rule by whose splits none may be empty; None: any may.
    """

    max_bad_fraction: float
    splits: SplitRule | None

    def check(self, findings: Findings, counts: Sequence[UnitCount]) -> Findings:
        """Passes findings on where the rows are within the limits.

        Args:
            findings: What a pass over the rows found.
            counts: Its counts, one for each unit.

        Raises:
            DataError: There are no good rows, too many bad ones, or none of a split.
        """
        findings.rejections.check(sum(count.read for count in counts), self.max_bad_fraction)
        check_rows(counts, findings.rejections)
        if self.splits is not None:
            check_splits(counts, self.splits)
        return findings
