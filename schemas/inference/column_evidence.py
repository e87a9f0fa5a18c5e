"""The facts about a column that decide its domain.

They come from the profiles of `init`, or from the statistics of a run.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from tensorflow_metadata.proto.v0 import statistics_pb2

from shardmill.schemas.feature_stats import LARGE_VALUE, Statistics
from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.spelling import Spelling

MOST_VALUES = 100
"""The most values of a text's domain: as many as TFDV takes by default."""

# The most frequent values of each split by which texts are judged.
_JUDGED = 256


@dataclass(frozen=True)
class ColumnEvidence:
    """The facts about a column.

    Attributes:
        present: Cells with a value.
        missing: Cells without one.
        extremes: The least and the greatest number. None means that there are no numbers, or
            infinite ones.
        values: The distinct texts. None means that they are too many, or not all known.
        read_profile: Returns the profile of the texts, or of the most frequent of them.
    """

    present: int
    missing: int
    extremes: tuple[float, float] | None
    values: frozenset[str] | None
    read_profile: Callable[[], ColumnProfile]

    @cached_property
    def profile(self) -> ColumnProfile:
        """The profile of the texts."""
        return self.read_profile()

    @cached_property
    def date_format(self) -> str | None:
        """The format of the column's dates.

        None means that there is none, or that several fit, in which a day is another one.
        """
        return None if self.profile.date_rivals else self.profile.date_format

    @property
    def has_dates(self) -> bool:
        """Whether half of the texts or more are dates."""
        cells = self.profile.cells
        return bool(self.profile.date_format) or 2 * cells.of(Spelling.DATE) > self.profile.present

    @property
    def samples(self) -> tuple[str, ...]:
        """Some of the texts, truncated; drawn by their hashes."""
        return self.profile.distinct.samples


def evidence_of_profile(profile: ColumnProfile) -> ColumnEvidence:
    """The facts that a profile tells."""
    ends = [end for pair in (profile.cells.integers, profile.cells.floats) if pair for end in pair]
    texts = profile.distinct.strings
    return ColumnEvidence(
        profile.rows - profile.absent,
        profile.absent,
        (min(ends), max(ends)) if ends and not profile.infinite else None,
        None if texts is None or len(texts) > MOST_VALUES else frozenset(texts.to_pylist()),
        lambda: profile,
    )


def evidence_of_statistics(name: str, splits: Sequence[Statistics]) -> ColumnEvidence:
    """The facts that statistics tell.

    Args:
        name: The column's name.
        splits: Its statistics in each split.
    """
    filled = [each for each in splits if _common(each).num_non_missing]
    counts: Counter[str] = Counter()
    known = True
    for each in filled:
        ranks = each.string_stats.rank_histogram.buckets
        counted = {bucket.label: round(bucket.sample_count) for bucket in ranks[:_JUDGED]}
        counts.update(counted)
        known &= len(ranks) == each.string_stats.unique and sum(counted.values()) == _common(each).num_non_missing
    known &= LARGE_VALUE not in counts and len(counts) <= MOST_VALUES
    return ColumnEvidence(
        sum(_common(each).num_non_missing for each in splits),
        sum(_common(each).num_missing for each in splits),
        _extremes(filled),
        frozenset(counts) if known and counts else None,
        partial(ColumnProfile.of_counts, name, counts),
    )


def _common(found: Statistics) -> statistics_pb2.CommonStatistics:
    has_texts = found.WhichOneof("stats") == "string_stats"
    return found.string_stats.common_stats if has_texts else found.num_stats.common_stats


def _extremes(splits: Sequence[Statistics]) -> tuple[float, float] | None:
    """The least and the greatest number of all splits."""
    numbers = [each.num_stats for each in splits if each.WhichOneof("stats") == "num_stats"]
    ends = [end for each in numbers for end in (each.min, each.max)]
    return (min(ends), max(ends)) if ends and all(map(math.isfinite, ends)) else None
