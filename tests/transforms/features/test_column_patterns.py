"""Patterns in `[features]`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.graph_sources import DeclaredFeatures
from shardmill.pipelines.job.prepare_features import prepare_features
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.features.column_patterns import expand_patterns
from shardmill.transforms.features.registry import allowed_types, parse_features
from shardmill.transforms.kinds.numeric.scale import Numeric, ZScore
from tests.support.kinds import schema_of

COLUMNS = ("n1", "n2", "pixel_0", "pixel_10", "pixel_x", "city", "id", "y")


def expand(table: dict[str, object], columns: tuple[str, ...] = COLUMNS) -> dict[str, object]:
    """The table without patterns, where the column `id` is the split's key."""
    mistakes = Mistakes()
    expanded, _ = expand_patterns(table, columns, ("id",), mistakes)
    mistakes.raise_any()
    return expanded


def test_a_pattern_stands_for_the_columns_that_it_matches() -> None:
    """`*`, `?` and `[...]` are as in the shell; letter case counts; the value may be a table; the order is the table's."""
    table = {"pixel_[0-9]*": {"kind": "min_max", "max": 9}, "city": "vocabulary", "n?": "z_score"}
    assert list(expand(table).items()) == [
        ("pixel_0", {"kind": "min_max", "max": 9}),
        ("pixel_10", {"kind": "min_max", "max": 9}),
        ("city", "vocabulary"),
        ("n1", "z_score"),
        ("n2", "z_score"),
    ]
    assert set(expand({"N*": "z_score", "*": "hash"}, ("n1", "N1")).items()) == {("N1", "z_score"), ("n1", "hash")}


def test_columns_are_gone_through_as_often_for_a_thousand_features_as_for_one() -> None:
    """More often for more of them is quadratic in wide tables."""
    passes = 0

    class Columns(list[str]):
        def __iter__(self) -> Iterator[str]:
            nonlocal passes
            passes += 1
            return super().__iter__()

    found = []
    for number in (1, 1000):
        passes = 0
        names = [f"column_{index}" for index in range(number)]
        expand_patterns(dict.fromkeys(names, "numeric"), Columns(names))
        found.append(passes)
    assert found[0] == found[1] > 0


def test_other_lines_and_the_split_key_win_over_a_pattern() -> None:
    """`*` takes neither what another line names, as its feature or its column, nor the key; of two patterns the first counts."""
    table = {
        "pixel*": "numeric",
        "*": "z_score",
        "price": {"kind": "label", "column": "y"},
        "place": {"kind": "cross", "columns": ["city", "n2"], "num_buckets": 5},
    }
    found = expand(table)
    assert found == {
        "pixel_0": "numeric",
        "pixel_10": "numeric",
        "pixel_x": "numeric",
        "n1": "z_score",
        "price": table["price"],
        "place": table["place"],
    }


def test_a_column_may_be_called_like_a_pattern() -> None:
    """A name that is a column's is no pattern, nor is one with a column of its own."""
    table = {"x[0]": "z_score", "is_new?": {"kind": "hash", "column": "n1", "num_buckets": 2}}
    assert expand(table, ("x[0]", "x0", "n1")) == table


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"q*": "z_score"}, r"\[features\] q\*: the pattern matches no column; the data has n1, n2, pixel_0"),
        (
            {"n1": "z_score", "n2": "z_score", "n*": "numeric"},
            r"n\*: each column that the pattern matches \(n1, n2\) is named by another line",
        ),
        ({"i*": "hash"}, r"i\*: each column that the pattern matches \(id\) .* or the split's key; remove the pattern"),
    ],
)
def test_a_pattern_that_stands_for_no_column_is_an_error(table: dict[str, object], message: str) -> None:
    """It says whether nothing matches, or all that does is spoken for."""
    with pytest.raises(ConfigError, match=message):
        expand(table)


def test_a_column_that_does_not_fit_its_pattern_is_named_with_it() -> None:
    """The message names the column, and the line where the mistake stands."""
    with pytest.raises(
        ConfigError, match=r"column 'city', which is BYTES; the pattern '\*' matches it: name it on a line"
    ):
        parse_features({"*": "z_score"}, schema_of(age="float", city="bytes"))


def test_mistakes_in_a_pattern_are_found_without_columns() -> None:
    """Kinds and parameters are checked before the columns are known."""
    with pytest.raises(ConfigError, match=r"\[features\] n\*: unknown kind 'zscore'"):
        allowed_types({"n*": "zscore"})


def test_types_of_the_columns_of_a_pattern() -> None:
    """A schema is inferred as the pattern's kind needs it; a pattern may wait for derived columns."""
    allowed = allowed_types({"n*": "z_score", "derived_*": "numeric"}, COLUMNS)
    assert allowed == dict.fromkeys(("n1", "n2"), frozenset({ColumnType.INT, ColumnType.FLOAT}))


def test_a_configuration_with_a_pattern_plans_its_columns(tmp_path: Path) -> None:
    """The columns that a pattern stands for are read, and the key of the split isn't made a feature."""
    config = tmp_path / "a.toml"
    config.write_text(
        '[input]\nfiles = "a.csv"\n[split]\ntrain = 1\nkey = ["id"]\n[features]\n"*" = "z_score"\ny = "numeric"\n'
    )
    schema = Schema((*schema_of(a="float", b="int", id="int", y="float"),))
    prepared = prepare_features(load_config(str(config)), schema, os.fspath(tmp_path), Engine(), Progress(quiet=True))
    assert isinstance(prepared.source, DeclaredFeatures)
    assert prepared.source.features.kinds == (
        ZScore(name="a", columns=("a",)),
        ZScore(name="b", columns=("b",)),
        Numeric(name="y", columns=("y",)),
    )
    assert prepared.columns == {"a", "b", "y"}
