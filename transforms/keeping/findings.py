"""The findings of an analysis pass."""

import copy
from collections import Counter
from dataclasses import dataclass, field

from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.rows.counts import Rejections
from shardmill.transforms.rows.renamings import Renamings
from shardmill.transforms.statistics.accumulator import Analysis


@dataclass
class Findings:
    """The findings of a pass over some units.

    Attributes:
        analysis: The analysis of the train split's rows.
        others: The statistics of the other splits' rows.
        rejections: The rejected rows of all splits.
        infinite: The number of cells that spell infinity in all splits, by column; columns without
            any are absent.
        renamings: The columns whose name in a header was repaired.
        rounded: The number of cells with a whole number that float32 can't hold, likewise.
        downsampled: The number of rows of each value of which some are left out, in all splits.
    """

    analysis: Analysis
    others: dict[str, Analysis] = field(default_factory=dict)
    rejections: Rejections = field(default_factory=Rejections)
    infinite: Counter[str] = field(default_factory=Counter)
    renamings: Renamings = field(default_factory=Renamings)
    rounded: Counter[str] = field(default_factory=Counter)
    downsampled: Counter[str] = field(default_factory=Counter)

    @property
    def splits(self) -> dict[str, Analysis]:
        """The statistics of each split: train, then others by name."""
        return {TRAIN: self.analysis, **dict(sorted(self.others.items()))}

    def of(self, split: str) -> Analysis:
        """The statistics of another split's rows."""
        if split not in self.others:
            self.others[split] = Analysis((), self.analysis.columns)
        return self.others[split]

    def merge(self, other: "Findings") -> None:
        """Adds other findings; associative and commutative."""
        self.analysis.merge(other.analysis)
        for split, analysis in other.others.items():
            if split in self.others:
                self.others[split].merge(analysis)
            else:
                self.others[split] = copy.deepcopy(analysis)
        self.rejections.merge(other.rejections)
        self.infinite.update(other.infinite)
        self.renamings.merge(other.renamings)
        self.rounded.update(other.rounded)
        self.downsampled.update(other.downsampled)
