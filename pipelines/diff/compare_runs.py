"""All differences of two runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from shardmill.pipelines.diff.flat_settings import Change, changes
from shardmill.pipelines.diff.run_facts import RunFacts
from shardmill.pipelines.diff.statistics_changes import ColumnChange, column_changes
from shardmill.pipelines.diff.token_changes import TokenChanges, count_tokens, token_changes


@dataclass(frozen=True)
class Differences:
    """The differences of two runs.

    Attributes:
        configuration: Settings.
        versions: Versions of packages.
        rows: Numbers of rows.
        rejected: Numbers of rejected rows, by reason.
        columns: The raw columns, in words.
        features: The features, in words.
        statistics: Raw columns whose statistics differ.
        feature_statistics: Features whose statistics differ.
        vocabularies: Vocabularies with other tokens or ids.
    """

    configuration: list[Change]
    versions: list[Change]
    rows: list[Change]
    rejected: list[Change]
    columns: list[Change]
    features: list[Change]
    statistics: list[ColumnChange]
    feature_statistics: list[ColumnChange]
    vocabularies: list[TokenChanges]

    @property
    def any(self) -> bool:
        """Whether there is a difference."""
        return any(vars(self).values())


def compare_runs(one: RunFacts, two: RunFacts) -> Differences:
    """Compares two runs.

    Args:
        one: The first run.
        two: The second.

    Raises:
        DataError: A file of one can't be read.
    """
    return Differences(
        changes(one.configuration, two.configuration),
        changes(one.run.manifest["versions"], two.run.manifest["versions"]),
        changes(one.rows, two.rows),
        changes(one.rejected, two.rejected),
        changes(one.raw_columns, two.raw_columns),
        changes(one.features, two.features),
        column_changes(one.raw_statistics, two.raw_statistics),
        column_changes(one.feature_statistics, two.feature_statistics),
        list(_vocabularies(one, two)),
    )


def _vocabularies(one: RunFacts, two: RunFacts) -> Iterator[TokenChanges]:
    first, second = one.vocabularies, two.vocabularies
    for name in sorted({*first, *second}):
        if name not in second:
            yield TokenChanges(name, count_tokens(partial(one.tokens, first[name])), None)
        elif name not in first:
            yield TokenChanges(name, None, count_tokens(partial(two.tokens, second[name])))
        elif one.digest(first[name]) != two.digest(second[name]):
            found = token_changes(name, partial(one.tokens, first[name]), partial(two.tokens, second[name]))
            if found.entered or found.left or found.moved:
                yield found
