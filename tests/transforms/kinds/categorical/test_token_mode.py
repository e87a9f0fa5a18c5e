"""Missing cells as their column's most frequent token, in kinds without a vocabulary of it."""

import re
from pathlib import Path

import pytest

from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.kinds.categorical.token_mode import is_mode, mode_of, mode_request
from shardmill.transforms.statistics.requests import Statistics, VocabularyStats
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", t="bytes", i="int")
_COLUMNS = {
    "s": ["b", "a", None, "a", "b", "c", None],
    "t": ["x", None, "y", "y", None, "y", "y"],
    "i": [7, 7, None, 3, 5, None, 5],
}
# Of equally frequent tokens the greatest.
_FILLED = {
    "s": ["b", "a", "b", "a", "b", "c", "b"],
    "t": ["x", "y", "y", "y", "y", "y", "y"],
    "i": [7, 7, 7, 3, 5, 7, 5],
}


def _table(**missing: str) -> dict[str, dict[str, object]]:
    return {
        "hashed": {"kind": "hash", "column": "s", "num_buckets": 1000, **missing},
        "keyed": {"kind": "hash", "column": "i", "num_buckets": 1000, "salt": "a", **missing},
        "crossed": {"kind": "cross", "columns": ["s", "t", "i"], "num_buckets": 1000, **missing},
        "looked_up": {"kind": "cross", "columns": ["s", "t"], "num_oov_buckets": 50, **missing},
        "ordered": {"kind": "ordinal", "column": "s", "order": ["a", "b"], "default_value": 9, **missing},
        "numbered": {"kind": "ordinal", "column": "i", "order": [5, 3], **missing},
        "text": {"kind": "string", "column": "t", **missing},
        "digits": {"kind": "string", "column": "i", **missing},
    }


def test_missing_cells_are_as_the_mode_of_their_column(tmp_path: Path) -> None:
    """Of a cross each column's own; also in other rows, which serving may send. What isn't in an order stays out of it."""
    for folder in ("filled", "there"):
        (tmp_path / folder).mkdir()
    found = run(_table(missing="mode"), S, _COLUMNS, tmp_path / "filled")
    # A vocabulary counts the combinations that rows have, none with a value of its own in a missing one's stead.
    expected = run(_table(), S, _COLUMNS, tmp_path / "there", serve=_FILLED)
    for name in _table():
        assert found[name].tolist() == expected[name].tolist(), name
    assert found["text"].tolist() == [each.encode() for each in _FILLED["t"]]
    assert found["ordered"].tolist() == [1, 0, 1, 0, 1, 9, 1]
    assert found["numbered"].tolist() == [-1, -1, -1, 1, 0, -1, 0]


def test_features_of_a_column_share_one_count() -> None:
    """It has a name that no vocabulary has, and keeps one token."""
    kinds = parse_features(_table(missing="mode"), S)
    requests = {request for kind in kinds for request in kind.requests(S)}
    modes = [request for request in requests if is_mode(getattr(request, "name", ""))]
    assert sorted(request.columns for request in modes) == [("i",), ("s",), ("t",)]
    assert {request.top_k for request in modes} == {1}
    assert not any(kind.requests(S) for kind in parse_features({"s": {"kind": "hash", "num_buckets": 3}}, S))


def test_a_column_without_values_has_no_mode() -> None:
    """The message names feature and column."""
    (kind,) = parse_features({"s": {"kind": "string", "missing": "mode"}}, S)
    name = mode_request("s").name
    expected = (
        "feature 's': column 's' has no value in the 4 rows of the train split, so it has no mode; remove the feature"
    )
    with pytest.raises(DataError, match=re.escape(expected)):
        mode_of(kind, "s", Statistics(vocabularies={name: VocabularyStats(name, "", 0)}, rows=4))


def test_a_bucket_has_no_mode() -> None:
    """A cross of buckets takes another rule."""
    table = {"kind": "cross", "columns": ["s", "i"], "boundaries": {"i": [3]}, "num_buckets": 9, "missing": "mode"}
    with pytest.raises(
        ConfigError, match='expected no `boundaries` with `missing = "mode"`, which is a token, received'
    ):
        parse_features({"f": table}, S)
