"""The findings of an analysis pass."""

from collections import Counter
from dataclasses import dataclass, field

from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.renamings import Renamings
from shardmill.transforms.statistics.accumulator import Analysis


@dataclass
class Findings:
    """The findings of a pass over some units.

    Attributes:
        analysis: The analysis of the train split's rows.
        rejections: The rejected rows of all splits.
        infinite: The number of cells that spell infinity in all splits, by column; columns without
            any are absent.
        renamings: The columns whose name in a header was repaired.
        rounded: The number of cells with a whole number that float32 can't hold, likewise.
    """

    analysis: Analysis
    rejections: Rejections = field(default_factory=Rejections)
    infinite: Counter[str] = field(default_factory=Counter)
    renamings: Renamings = field(default_factory=Renamings)
    rounded: Counter[str] = field(default_factory=Counter)

    def merge(self, other: "Findings") -> None:
        """Adds other findings; associative and commutative."""
        self.analysis.merge(other.analysis)
        self.rejections.merge(other.rejections)
        self.infinite.update(other.infinite)
        self.renamings.merge(other.renamings)
        self.rounded.update(other.rounded)
