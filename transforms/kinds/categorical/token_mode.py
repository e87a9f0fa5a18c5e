"""A column's most frequent token, for kinds without a vocabulary."""

from shardmill.schemas.errors import DataError
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.statistics.requests import Statistics, VocabularyRequest

# The rule for missing values that takes it.
MODE = "mode"
# Begins the names under which it is counted, apart from those of vocabularies.
_PREFIX = "\0mode "


def mode_request(column: str) -> VocabularyRequest:
    """A request for a column's most frequent token."""
    return VocabularyRequest(_PREFIX + column, (column,), top_k=1)


def is_mode(vocabulary: str) -> bool:
    """Whether a vocabulary is the answer to such a request."""
    return vocabulary.startswith(_PREFIX)


def mode_of(kind: Kind, column: str, statistics: Statistics) -> str:
    """A column's most frequent token.

    Of several it is the greatest by bytes.

    Args:
        kind: The feature that requested it.
        column: The column.
        statistics: The results of the analysis.

    Raises:
        DataError: The column has no token.
    """
    found = statistics.vocabularies[_PREFIX + column].most_common
    if found is None:
        raise DataError(
            f"feature {kind.name!r}: column {column!r} has no value in the {statistics.rows} rows of the train split, so it has no mode; "
            "remove the feature, or give `missing` a token"
        )
    return found
