"""The `[features]` table."""

import pickle
import subprocess
import sys
import typing

import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.registry import KINDS, allowed_types, parse_features
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.numeric.scale import MinMax, ZScore
from shardmill.transforms.numbers.pre import Pre
from shardmill.transforms.statistics.requests import NumericRequest, VocabularyRequest
from tests.support.kinds import schema_of

S = schema_of(fare="float", tips="int", company="bytes", trip_start="bytes")


def test_short_and_long_forms() -> None:
    """A feature is a kind, or a table with a kind, a column and parameters; the column is by default the name."""
    assert parse_features(
        {"fare": "z_score", "f": {"kind": "min_max", "column": "fare", "max": 2, "pre": ["log1p"]}}, S
    ) == (
        ZScore(name="fare", columns=("fare",)),
        MinMax(name="f", columns=("fare",), high=2, pre=(Pre("log1p"),)),
    )


def test_requests() -> None:
    """Features ask the analysis for what they need and no more; equal requests are equal."""
    table = {
        "fare": "z_score",
        "fare2": {"kind": "min_max", "column": "fare"},
        "fare3": {"kind": "robust", "column": "fare", "pre": ["abs"]},
        "tips": {"kind": "numeric", "missing": 0},
        "tips2": {"kind": "numeric", "column": "tips", "missing": "mode"},
        "company": {"kind": "vocabulary", "top_k": 5, "shared": "v"},
        "start": {"kind": "multi_hot", "column": "trip_start", "delimiter": "|"},
        "c": {"kind": "cross", "columns": ["company", "tips"]},
        "h": {"kind": "hash", "column": "company", "num_buckets": 3},
    }
    requests = [request for kind in parse_features(table, S) for request in kind.requests(S)]
    assert requests == [
        NumericRequest("fare"),
        NumericRequest("fare"),
        NumericRequest("fare", (Pre("abs"),), quantiles=True),
        NumericRequest("tips", quantiles=True),
        VocabularyRequest("v", ("company",), top_k=5),
        VocabularyRequest("start", ("trip_start",), delimiter="|"),
        VocabularyRequest("c", ("company", "tips"), separator="_X_"),
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({}, r"\[features\] is empty"),
        (
            {"fare": "zscore"},
            r"\[features\] fare: unknown kind 'zscore'; did you mean 'z_score'\? The kinds are numeric, ",
        ),
        ({"fare": 3}, "fare: expected a kind .* received 3"),
        ({"fare": {"column": "fare"}}, "fare: expected a kind"),
        ({"": "z_score"}, "expected a feature's name"),
        ({"fares": "z_score"}, r"there is no column 'fares'; did you mean 'fare'\? Set `column` if"),
        ({"f": {"kind": "z_score", "column": "fares"}}, r"there is no column 'fares'; did you mean 'fare'\?$"),
        ({"zzz": "z_score"}, "there is no column 'zzz'; the data has fare, tips, company, trip_start; set `column` if"),
        (
            {"fare": {"kind": "z_score", "colunm": "fare"}},
            "`z_score` has no parameter `colunm`; it has `kind`, `column`",
        ),
        ({"fare": {"kind": "min_max", "mim": 0}}, "no parameter `mim`.*did you mean 'min'"),
        ({"fare": {"kind": "min_max", "min": "a"}}, "expected `min` to be a number, received 'a'"),
        ({"fare": {"kind": "z_score", "indicator": 1}}, "expected `indicator` to be true or false, received 1"),
        ({"fare": {"kind": "z_score", "missing": [1]}}, "expected `missing` to be a number or a string, received"),
        ({"fare": {"kind": "z_score", "column": 3}}, "expected `columns` to be a list of column names, received 3"),
        ({"f": {"kind": "z_score", "columns": ["fare", "tips"]}}, "expected one column for `z_score`, received"),
        (
            {"f": {"kind": "geo_distance", "columns": ["fare"]}},
            "expected 4 columns for `geo_distance`, received",
        ),
        ({"f": {"kind": "cross", "columns": ["fare"]}}, "expected at least 2 columns for `cross`, received"),
        ({"f": {"kind": "elapsed", "columns": list("abc")}}, "expected at most 2 columns for `elapsed`, received"),
        (
            {"f": {"kind": "z_score", "column": "fare", "columns": ["tips"]}},
            "expected `column` or `columns`, received both",
        ),
        ({"f": {"kind": "vocabulary", "columns": ["company", "company"]}}, "expected `columns` without repetitions"),
        (
            {"company": "z_score"},
            "expected a column of type FLOAT or INT for `z_score`, received column 'company', which is BYTES",
        ),
        ({"company": "numeric"}, "expected a column of type FLOAT or INT for `numeric`"),
        (
            {
                "x": {"kind": "z_score", "column": "fare", "indicator": True},
                "x_missing": {"kind": "numeric", "column": "fare"},
            },
            "x_missing: its output 'x_missing' has the name of an output of feature 'x'",
        ),
    ],
)
def test_errors(table: dict[str, object], message: str) -> None:
    """What is wrong with a table is said with the feature, the parameter, what is expected and what was received."""
    with pytest.raises(ConfigError, match=message):
        parse_features(table, S)


def test_every_kind_says_what_it_is() -> None:
    """Each registered kind has a name of its own and a docstring."""
    assert all(word == kind.kind and kind.__doc__ and issubclass(kind, Kind) for word, kind in KINDS.items())


def test_features_pickle() -> None:
    """Features travel to workers and to the tracing process."""
    kinds = parse_features({"fare": "z_score", "company": {"kind": "vocabulary", "top_k": 3}}, S)
    assert pickle.loads(pickle.dumps(kinds)) == kinds


def test_thousands_of_features() -> None:
    """5,000 features are read without a cost that grows with their square."""
    schema = Schema(tuple(Column(f"c{index}", ColumnType.FLOAT) for index in range(5000)))
    assert len(parse_features({column.name: "z_score" for column in schema}, schema)) == 5000


def test_kinds_need_no_tensorflow() -> None:
    """Reading a configuration doesn't import TensorFlow or Beam."""
    code = (
        "import sys, shardmill.transforms.features.registry, shardmill.transforms.graph.process\n"
        "print({'tensorflow', 'apache_beam'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_types_that_all_uses_of_a_column_take() -> None:
    """A column that several features use must be of a type that each of them takes."""
    table = {
        "age": "z_score",
        "age_bucket": {"kind": "bucketize", "column": "age", "num_buckets": 3},
        "route": {"kind": "cross", "columns": ["origin", "dest"], "num_buckets": 10},
        "price": "label",
    }
    allowed = allowed_types(table)
    assert allowed["age"] == {ColumnType.INT, ColumnType.FLOAT}
    assert allowed["origin"] == allowed["dest"] == {ColumnType.INT, ColumnType.BYTES}
    assert allowed["price"] == set(ColumnType)


def test_types_of_parameters_are_worked_out_once_for_all_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take half a millisecond, and wide tables have thousands of features of one kind."""
    asked: list[type] = []
    plain = typing.get_type_hints

    def ask(kind: type) -> dict[str, object]:
        asked.append(kind)
        return plain(kind)

    monkeypatch.setattr(typing, "get_type_hints", ask)
    names = [f"column_{index}" for index in range(50)]
    allowed_types(dict.fromkeys(names, "min_max"), names)
    assert len(asked) <= 1
