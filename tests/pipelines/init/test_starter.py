"""Tests of the configuration that `shardmill init` writes."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.config.load import Config, load_config
from shardmill.pipelines.init.choose_features import feature_lines
from shardmill.pipelines.init.feature_line import column_decisions
from shardmill.pipelines.init.input_lines import StarterPaths
from shardmill.pipelines.init.label_lines import guess_label
from shardmill.pipelines.init.starter import starter_config
from shardmill.pipelines.init.toml_text import toml_key, toml_string
from shardmill.pipelines.survey.second_look import OddCells
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.errors import DataError
from shardmill.schemas.inference.infer import Profiles
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.kinds.registry import parse_features
from shardmill.transforms.profile import Profiled
from tests.support.strptime import COMMON

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Columns = Mapping[str, Sequence[str | None]]
NOTHING = StarterRequest()


def profiles_of(columns: Columns) -> Profiles:
    """The profiles of columns of cells."""
    profiles = Profiles(list(columns))
    profiles.update(pa.record_batch({name: pa.array(values, pa.string()) for name, values in columns.items()}))
    return profiles


def survey_of(columns: Columns, dialect: Dialect | None = None) -> Survey:
    """The findings about columns of cells."""
    profiles = profiles_of(columns)
    return Survey(dialect or Dialect(), profiles.schema(), Profiled(profiles))


def starter(columns: Columns, dialect: Dialect | None = None, request: StarterRequest = NOTHING) -> str:
    """The configuration for columns of cells."""
    survey = survey_of(columns, dialect)
    paths = StarterPaths(["data/*.csv"], "data.schema.pbtxt", "out")
    return starter_config(paths, survey, feature_lines(survey, request), request)


def features(columns: Columns) -> dict[str, Any]:
    """The features that aren't commented out; a column to fall back on keeps it from being none."""
    found: dict[str, Any] = tomllib.loads(starter({"fallback": ["x", "y"] * 500, **columns}))["features"]
    del found["fallback"]
    return found


def line(columns: Columns, name: str) -> str:
    """The line of a column, commented out or not; the last, as an example may stand above."""
    text = starter({"fallback": ["x", "y"] * 500, **columns})
    return [line for line in text.splitlines() if line.removeprefix("# ").startswith(f"{toml_key(name)} = ")][-1]


def load(text: str, folder: Path) -> Config:
    """What `run` makes of a configuration."""
    path = folder / "pipeline.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(str(path))


MOMENTS = [datetime(2013, 1, 1, tzinfo=timezone.utc) + timedelta(hours=31.4 * number) for number in range(1000)]
NUMBERS = [str(number * 7) for number in range(1000)]


def test_numbers_are_scaled() -> None:
    """Without missing cells there is nothing more to say."""
    assert features({"x": NUMBERS, "y": [f"{number}.5" for number in range(1000)]}) == {"x": "z_score", "y": "z_score"}


def test_missing_numbers_take_the_median_and_many_of_them_an_indicator() -> None:
    """From 5 % on, that a value is missing is a feature of its own."""
    few, many = [*NUMBERS[:-20], *[None] * 20], [*NUMBERS[:-60], *[None] * 60]
    assert features({"few": few, "many": many}) == {
        "few": {"kind": "z_score", "missing": "median"},
        "many": {"kind": "z_score", "missing": "median", "indicator": True},
    }
    assert features({"x": ["1.5", "nan"] * 500})["x"]["indicator"] is True


def test_an_indicator_takes_no_other_columns_name() -> None:
    """Two outputs with one name would be an error."""
    columns: Columns = {"x": [*NUMBERS[:-60], *[None] * 60], "x_missing": ["0", "1"] * 500}
    assert features(columns)["x"] == {"kind": "z_score", "missing": "median"}


def test_few_integers_close_together_are_codes() -> None:
    """Hours and classes are; amounts that happen to be few aren't."""
    found = features({"hour": [str(n % 24) for n in range(1000)], "pixel": [str(n % 5 * 50) for n in range(1000)]})
    assert found == {"hour": {"kind": "vocabulary", "num_oov_buckets": 1}, "pixel": "z_score"}


def test_two_numbers_are_flags_or_codes() -> None:
    """0 and 1 stay as they are, in small files too; others that are next to each other, or repeat often, are codes."""
    vocabulary = {"kind": "vocabulary", "num_oov_buckets": 1}
    columns: Columns = {
        "flag": ["0", "1"] * 4,
        "code": ["1", "2"] * 4,
        "gaps": ["0", "1", None, "1"] * 2,
        "dose": ["0", "100"] * 4,
    }
    assert features({name: [*cells] * 125 for name, cells in columns.items()}) == {
        "flag": "numeric",
        "code": vocabulary,
        "gaps": vocabulary,
        "dose": vocabulary,
    }
    found = tomllib.loads(starter(columns))["features"]
    assert found == {"flag": "numeric", "code": vocabulary, "gaps": vocabulary, "dose": "z_score"}


def test_few_ages_are_amounts() -> None:
    """As their name says; other integers that are few and close together are codes."""
    cells = [str(20 + number % 20) for number in range(1000)]
    assert features({"Age": cells, "grade": cells}) == {
        "Age": "z_score",
        "grade": {"kind": "vocabulary", "num_oov_buckets": 1},
    }


def test_texts_of_few_rows_are_no_identifiers() -> None:
    """Five different ones say nothing yet; free text is what it is."""
    columns: Columns = {
        "fruit": ["apple", "pear", "plum", "fig", "kiwi"],
        "note": ["long text " * 20 + str(number) for number in range(5)],
        "x": ["1", "5", "2", "9", "4"],
    }
    found = tomllib.loads(starter(columns))["features"]
    assert found == {"fruit": {"kind": "vocabulary", "num_oov_buckets": 1}, "x": "z_score"}
    assert "# note = " in starter(columns)
    assert tomllib.loads(starter({"x": ["1"] * 9, "y": ["a"] * 9}))["features"].keys() == {"x", "y"}


def test_texts_of_several_lines_are_free_text() -> None:
    """A vocabulary would be empty: it takes no token that spans lines; one that doesn't is enough."""
    columns: Columns = {"note": ["a\nb", "c\r\nd"] * 10, "mixed": ["a\nb", "c"] * 10}
    assert features({name: [*cells] * 50 for name, cells in columns.items()}).keys() == {"mixed"}
    assert tomllib.loads(starter({"note": columns["note"]}))["features"]["note"]["kind"] == "hash"
    assert tomllib.loads(starter({"note": ["a\nb"] * 50}))["features"]["note"]["kind"] == "hash"


def test_identifiers_by_name_are_left_out_and_codes_are_tokens() -> None:
    """Whether nearly all values differ decides; the comment and the printed line say so."""
    columns: Columns = {
        "PassengerId": [str(number * number) for number in range(1000)],
        "AirportID": [str(10_000 + number % 300) for number in range(1000)],
        "grid": NUMBERS,
    }
    assert features(columns) == {"AirportID": {"kind": "vocabulary", "num_oov_buckets": 1}, "grid": "z_score"}
    assert "  # an identifier, as its name says, and nearly all values differ: integer" in line(columns, "PassengerId")
    assert "  # codes, as the name says: integer, 300 distinct" in line(columns, "AirportID")
    survey = survey_of(columns)
    assert list(map(str, column_decisions(feature_lines(survey, NOTHING)))) == [
        "column 'PassengerId': commented out (an identifier, as its name says, and nearly all values differ)",
        "column 'AirportID': vocabulary (codes, as the name says)",
    ]


def test_columns_with_one_reason_share_a_decision() -> None:
    """A few of their names stand for all."""
    lines = feature_lines(survey_of({**{f"p{number}": ["0"] * 50 for number in range(9)}, "x": NUMBERS[:50]}), NOTHING)
    assert list(map(str, column_decisions(lines))) == [
        "columns 'p0', 'p1', 'p2', 'p3' and 5 more: commented out (one value in all rows)"
    ]


def test_cells_that_are_no_numbers_are_named() -> None:
    """With the first of them, and what becomes of it; a label keeps the reason, too."""
    texts: Columns = {"x": [*NUMBERS[:99], "Total"], "y": [*NUMBERS[:99], "5"], "few": ["1", "2"] * 50}
    odd = {"x": OddCells(1, "Total\x1b", "data\n.csv", 101), "y": OddCells(2, "u", "data.csv", 7), "few": OddCells(1)}
    survey = replace(survey_of(texts), odd=odd)
    lines = feature_lines(survey, StarterRequest(("y",)))
    assert list(map(str, column_decisions(lines))) == [
        r"column 'x': commented out (1 of 100 cells is no number, the first in data\n.csv, line 101: 'Total '), please check",
        "column 'y': label (2 of 100 cells are no numbers and reject their rows, the first in data.csv, line 7: 'u'), please check",
        "column 'few': vocabulary (1 of 100 cells is no number and rejects its row), please check",
    ]
    assert [line.used for line in lines] == [False, True, True]


def test_the_likeliest_label_is_one_that_can_be_predicted() -> None:
    """By its name, else the last column that is no identifier, constant or date."""
    columns: Columns = {
        "x": NUMBERS,
        "size": NUMBERS[::-1],
        "day": [f"2013-01-{number % 28 + 1:02d}" for number in range(1000)],
        "c": ["5"] * 1000,
        "user_id": [str(number * 3) for number in range(1000)],
    }
    survey = survey_of(columns)
    guess = guess_label(survey, feature_lines(survey, NOTHING))
    assert str(guess.decision) == (
        "label: none yet, 'size' is likely (the last column with something to predict), please check"
    )
    named = survey_of({"Target": NUMBERS, **columns})
    assert guess_label(named, feature_lines(named, NOTHING)).example == 'Target = { kind = "label" }'


def test_texts_become_vocabularies() -> None:
    """Booleans too; with very many different ones the most frequent are kept."""
    many: Columns = {"x": [f"v{number % 11_000}" for number in range(40_000)]}
    text = starter(many)
    assert tomllib.loads(text)["features"]["x"] == {"kind": "vocabulary", "top_k": 10_000, "num_oov_buckets": 1}
    assert "about 1" in text
    assert features({"b": ["true", "false"] * 500}) == {"b": {"kind": "vocabulary", "num_oov_buckets": 1}}


def test_dates_become_parts() -> None:
    """Those that their format has."""
    days = [f"2013-01-{number % 28 + 1:02d}" for number in range(1000)]
    times = [f"{day}T12:00:00Z" for day in days]
    found = features({"day": days, "at": times})
    assert found["day"] == {"kind": "datetime", "format": "%Y-%m-%d", "parts": ["year", "month", "day", "weekday"]}
    assert found["at"]["format"] == "%Y-%m-%dT%H:%M:%SZ"
    assert found["at"]["parts"] == ["year", "month", "day", "weekday", "hour"]
    assert features({"t": [f"{n % 24:02d}:{n % 60:02d}:00" for n in range(1000)]})["t"]["parts"] == ["hour", "minute"]
    assert features({"day": days, "day_month": NUMBERS})["day"]["parts"] == ["year", "day", "weekday"]
    assert features({"t": ["Jan-13", "Feb-14"] * 500})["t"]["parts"] == ["year", "month"]
    assert features({"t": ["1:05 PM", "11:30 AM"] * 500})["t"]["parts"] == ["hour", "minute"]


@pytest.mark.parametrize(
    ("cells", "decision"),
    [
        (["2013-01-31", "2013-02-28"], "datetime (dates as %Y-%m-%d)"),
        (["10:30", "11:30"], "datetime (times as %H:%M)"),
        (
            ["1/2/2013", "3/4/2013"],
            "datetime (dates as %m/%d/%Y; all values fit %d/%m/%Y as well, so change `format` if that is meant), please check",
        ),
        (["1/31/13", "2/28/13"], "datetime (dates as %m/%d/%y; years 69 to 99 are 1969 to 1999, others 2000 to 2068)"),
        (["2013-01-01T10:00:00Z", "2013-01-01T10:00:00+02"], "datetime (dates as %Y-%m-%dT%H:%M:%S%z; in UTC)"),
        (["2013-01-31"] * 2000 + ["soon"], "datetime (dates as %Y-%m-%d; 1 values don't fit and count as missing)"),
        (
            ["20130131", "20130228"],
            "datetime (dates as %Y%m%d; integers that are all days of the calendar), please check",
        ),
    ],
)
def test_what_dates_are_read_as_is_told(cells: list[str], decision: str) -> None:
    """In the configuration and in a decision, with what else they may be."""
    columns = {"x": cells}
    lines = feature_lines(survey_of(columns), NOTHING)
    assert list(map(str, column_decisions(lines))) == [f"column 'x': {decision}"]
    reason = decision.removeprefix("datetime (").removesuffix(", please check").removesuffix(")")
    assert f"  # {reason}: " in starter(columns)


def test_integers_among_floats_are_no_dates() -> None:
    """A `datetime` feature takes integers and texts."""
    assert tomllib.loads(starter({"x": ["20130131"] * 2000 + ["0.5"]}))["features"] == {"x": "z_score"}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["5"] * 1000, "one value in all rows: integer, 1 distinct, 5"),
        ([None] * 1000, "no values: text, 0 distinct, 100 % missing"),
        (
            [f"id-{number}" for number in range(1000)],
            "nearly all values differ, as in an identifier: text, 1,000 distinct",
        ),
        ([f"{number} " + "long text " * 20 for number in range(1000)], "free text: "),
        ([str(number + 5) for number in range(1000)], "counts the rows: integer, 1,000 distinct, 5 to 1004"),
    ],
)
def test_columns_with_nothing_to_learn_are_commented_out_with_the_reason(values: list[str | None], reason: str) -> None:
    """The line stands there for the user to bring back."""
    assert features({"x": values}) == {}
    assert line({"x": values}, "x").startswith("# x = ")
    assert f"  # {reason}" in line({"x": values}, "x")
    entry = line({"x": values}, "x").removeprefix("# ")
    assert "x" in tomllib.loads(entry)


def test_a_column_with_hardly_a_value_is_commented_out() -> None:
    """One value in more than a thousand rows."""
    columns: Columns = {"x": ["5", *[None] * 1500], "y": ["a", "b", "c"] * 500 + ["a"]}
    text = starter(columns)
    assert set(tomllib.loads(text)["features"]) == {"y"}
    assert "nearly no values: integer, 1 distinct, over 99 % missing, 5" in text


def test_comments_say_what_was_seen() -> None:
    """Type, distinct values, missing cells, range or examples, and cells that will be rejected."""
    assert line({"x": [*NUMBERS[:-20], *[None] * 20]}, "x").endswith("# integer, 980 distinct, 2 % missing, 0 to 6853")
    assert line({"x": ["red", "blue"] * 500}, "x").endswith(("e.g. 'red', 'blue'", "e.g. 'blue', 'red'"))


def test_rejected_cells_are_mentioned() -> None:
    """Cells of another type in a column of numbers."""
    odd = starter({"x": ["5"] * 2000 + ["6"] * 10 + ["oops"]})
    assert "integer, 3 distinct, 5 to 6, 1 cells of another type: their rows are rejected" in odd


@pytest.mark.parametrize("rows", [10_001, 10_500, 12_345])
@pytest.mark.parametrize("prefix", ["a", "b", "c", "d", "e", "f", "g", "h"])
def test_no_more_values_are_distinct_than_there_are(rows: int, prefix: str) -> None:
    """An estimate is no more than the cells that aren't missing, also once it is rounded to two digits."""
    seen = starter({"x": [*(f"{prefix}{number}" for number in range(rows)), *[None] * 5000]})
    found = re.search(r"about ([0-9,]+) distinct", seen)
    assert found is not None
    assert 0.8 * rows <= int(found[1].replace(",", "")) <= rows


def test_a_missing_spelling_is_no_distinct_value() -> None:
    """Of `nan` and spaces among numbers, and the same in a column with too many to be counted."""
    assert ", 1 distinct, 75 % missing, 1.5" in line({"x": ["1.5", "nan", " ", "NaN"] * 250}, "x")
    assert ", 0 distinct, 100 % missing" in line({"x": ["nan", " "] * 500}, "x")
    assert ", 2 distinct," in line({"x": ["red", " "] * 500}, "x")


def test_integers_that_float32_cannot_hold_are_mentioned() -> None:
    """A float among large integers makes them all float32."""
    assert line({"x": ["16777217", "0.5"] * 500}, "x").endswith(
        ", 500 whole numbers beyond 16,777,216 are rounded to float32"
    )
    assert line({"x": ["16777216", "0.5"] * 500}, "x").endswith("0.5 to 1.67772e+07")


def test_examples_with_control_characters_stay_in_their_comment() -> None:
    """A newline in a cell must not end the comment."""
    text = starter({"x": ["a\nb = 3", "tab\t\x00\u2028nul"] * 500})
    assert list(tomllib.loads(text)["features"]) == ["x"]


def test_the_only_columns_are_used_though_there_is_little_to_learn() -> None:
    """A configuration without features wouldn't run."""
    found = tomllib.loads(starter({"id": [f"id-{number}" for number in range(100)]}))["features"]
    assert found == {"id": {"kind": "hash", "num_buckets": 1000}}
    assert tomllib.loads(starter({"c": ["5"] * 100}))["features"] == {"c": {"kind": "vocabulary", "num_oov_buckets": 1}}


def test_no_values_at_all_are_an_error() -> None:
    """The message says what to check."""
    with pytest.raises(DataError, match=r"no column has a value to learn from.*null_values"):
        starter({"x": [None, None]})
    with pytest.raises(DataError, match="no column has a value"):
        starter({"x": []})


def test_the_configuration_loads(tmp_path: Path) -> None:
    """`run` reads it: files, schema, dialect, features, output."""
    columns = tuple(f"c{number}" for number in range(20))
    long = load(starter({"a": NUMBERS}, Dialect(header=False, columns=columns)), tmp_path)
    assert long.input.dialect.columns == columns
    dialect = Dialect(
        delimiter="\t",
        quote=None,
        comment="#",
        header=False,
        columns=("a", "b c"),
        trim=True,
        null_values=("", "\\N"),
        skip_rows=2,
    )
    config = load(starter({"a": NUMBERS, "b c": ["x", 'say "y"'] * 500}, dialect), tmp_path)
    assert config.input.dialect == dialect
    assert config.input.files == (str(tmp_path / "data/*.csv"),)
    assert config.input.schema == str(tmp_path / "data.schema.pbtxt")
    assert config.features == {"a": "z_score", "b c": {"kind": "vocabulary", "num_oov_buckets": 1}}
    assert config.output.dir == str(tmp_path / "out")
    assert config.split is None


def test_the_kinds_take_their_parameters() -> None:
    """Every kind that is ever chosen, commented out or not, is one that can be built for its column."""
    columns: Columns = {
        "number": NUMBERS,
        "gaps": [*NUMBERS[:500], *[None] * 500],
        "float": ["1.5", "nan"] * 500,
        "hour": [str(number % 24) for number in range(1000)],
        "color": ["red", "blue"] * 500,
        "large": [f"v{number // 2}" for number in range(1000)],
        "id": [f"id-{number}" for number in range(1000)],
        "constant": ["5"] * 1000,
        "nothing": [None] * 1000,
        "row": [str(number) for number in range(1000)],
        "odd name, é": NUMBERS,
        **{f"date{i}": [moment.strftime(name) for moment in MOMENTS] for i, name in enumerate(COMMON)},
    }
    text = starter(columns)
    uncommented = re.sub(
        r"^# ([^ ]+|\".*\") = (?=\"z_score|\"vocab|{ kind = \"(?!label))", r"\1 = ", text, flags=re.MULTILINE
    )
    schema = profiles_of(columns).schema()
    for version, missing in ((text, {"id", "constant", "nothing", "row"}), (uncommented, set[str]())):
        kinds = parse_features(tomllib.loads(version)["features"], schema)
        assert {kind.name for kind in kinds} == set(columns) - missing
    assert {kind.kind for kind in kinds} == {"z_score", "vocabulary", "datetime", "hash"}


def test_its_hints_load_too(tmp_path: Path) -> None:
    """The commented split and label are right once their marks are gone."""
    text = starter({"x": NUMBERS, "Label": ["yes", "no"] * 500})
    text = re.sub(r"^# (\[split\]|train = |eval = |test = )", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^Label = .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"^# (Label = .*)$", r"\1", text, flags=re.MULTILINE)
    config = load(text, tmp_path)
    assert config.features["Label"] == {"kind": "label"}
    assert config.split is not None
    assert config.split.fractions == {"train": 0.8, "eval": 0.1, "test": 0.1}


def test_labels_are_written_as_asked(tmp_path: Path) -> None:
    """In their columns' places, whatever the column is like; then nothing more is said of how to make one."""
    columns: Columns = {"id": [str(number) for number in range(1000)], "x": NUMBERS, "y": ["a", "b"] * 500}
    text = starter(columns, request=StarterRequest(("id", "y")))
    assert tomllib.loads(text)["features"] == {"id": {"kind": "label"}, "x": "z_score", "y": {"kind": "label"}}
    assert "NO COLUMN IS A LABEL" not in text
    assert load(text, tmp_path).split is None
    assert "NO COLUMN IS A LABEL YET" in starter(columns)


def test_a_label_of_another_name_takes_its_column() -> None:
    """What is predicted from itself is learned in no time."""
    request = StarterRequest(tables={"features": {"target": {"kind": "label", "column": "y"}}})
    text = starter({"x": NUMBERS, "y": ["a", "b"] * 500}, request=request)
    assert tomllib.loads(text)["features"] == {"x": "z_score", "target": {"kind": "label", "column": "y"}}
    assert "  # the label 'target': text" in text


def test_rows_without_a_label_are_allowed_for(tmp_path: Path) -> None:
    """They are rejected, and must not stop the run; unless the user says how many may be."""
    columns: Columns = {"x": NUMBERS, "y": [*NUMBERS[:-30], *[None] * 30]}
    text = starter(columns, request=StarterRequest(("y",)))
    assert load(text, tmp_path).input.max_bad_fraction == pytest.approx(0.06)
    assert "max_bad_fraction = 0.06  # 3.0% may lack a label" in text
    assert "# Rows without one are rejected: max_bad_fraction in [input]" in starter(columns)
    asked = StarterRequest(("y",), {"input": {"max_bad_fraction": 0.5}})
    assert load(starter(columns, request=asked), tmp_path).input.max_bad_fraction == 0.5


def test_a_column_is_left_for_a_label_to_be_learned_from() -> None:
    """Even one that seems to teach nothing; a label without values, or nothing but labels, is an error."""
    assert tomllib.loads(starter({"x": ["5"] * 10, "y": ["a"] * 10}, request=StarterRequest(("y",))))["features"] == {
        "x": {"kind": "vocabulary", "num_oov_buckets": 1},
        "y": {"kind": "label"},
    }
    with pytest.raises(DataError, match="every column is a label; expected one at least"):
        starter({"y": ["a", "b"]}, request=StarterRequest(("y",)))
    with pytest.raises(DataError, match=r"the label 'y' has no values.*null_values"):
        starter({"x": ["a", "b"], "y": [None, ""]}, request=StarterRequest(("y",)))


def test_settings_are_written(tmp_path: Path) -> None:
    """All of them, as they were given, in place of what would be guessed."""
    tables: dict[str, dict[str, Any]] = {
        "input": {"encoding": "latin-1", "delimiter": ",", "on_bad_row": "fail"},
        "split": {"train": 0.5, "dev": 0.5, "key": ["x y"]},
        "features": {"x y": "min_max", "rest": {"kind": "cross", "columns": ["x y", "z"], "num_buckets": 9}},
        "output": {"dir": "elsewhere", "rows_per_shard": 100, "shuffle": False},
    }
    dialect = {"encoding": "iso8859-1", "delimiter": ","}
    columns: Columns = {"x y": NUMBERS, "z": ["a", "b"] * 500}
    text = starter(columns, Dialect(**dialect), StarterRequest((), tables, dialect))
    written = tomllib.loads(text)
    assert written["input"].items() >= tables["input"].items()
    assert (written["split"], written["output"]) == (tables["split"], tables["output"])
    assert written["features"] == {**tables["features"], "z": {"kind": "vocabulary", "num_oov_buckets": 1}}
    assert load(text, tmp_path).output.dir == str(tmp_path / "elsewhere")


def test_many_columns_with_few_bad_cells_raise_the_allowed_fraction(tmp_path: Path) -> None:
    """What the looks at the data found must not stop the run."""
    rows = 2000
    columns = {
        f"c{position}": ["oops" if row == position else str(row * 7) for row in range(rows)] for position in range(30)
    }
    assert load(starter(columns), tmp_path).input.max_bad_fraction == pytest.approx(0.03)
    assert "max_bad_fraction" not in starter({"x": NUMBERS})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_string_and_a_key(text: str) -> None:
    """Odd column names are quoted, and read back as they are."""
    assert tomllib.loads(f"x = {toml_string(text)}") == {"x": text}
    assert tomllib.loads(f"{toml_key(text)} = 1") == {text: 1}


def test_names_cannot_write_to_a_terminal() -> None:
    """Control characters and marks that turn the direction of writing are escaped."""
    assert toml_key("\x1b[2J\x9b\u202e\u2028") == r'"\u001b[2J\u009b\u202e\u2028"'


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=5, unique=True))
def test_any_column_names_give_a_configuration(names: list[str]) -> None:
    """Whatever the names, each column has its line; some names tell an identifier, whose line is commented out."""
    text = starter(dict.fromkeys(names, NUMBERS))
    lines = [line.removeprefix("# ") for line in text.splitlines()]
    assert all(any(line.startswith(f"{toml_key(name)} = ") for line in lines) for name in names)
    assert set(tomllib.loads(text)["features"]) <= set(names)


def test_infinite_numbers_are_proposed_to_be_missing(tmp_path: Path) -> None:
    """Where any cell of a column of floats is infinite the setting is there, with how many; text may say what it likes."""
    rates = [*(f"{number}.5" for number in range(998)), "inf", "-inf"]
    text = starter({"rate": rates, "word": ["inf", "x"] * 500})
    assert 'infinite = "missing"  # 2 in column \'rate\'; or "keep", "reject"\n' in text
    assert load(text, tmp_path).input.infinite == "missing"
    assert "infinite" not in starter({"rate": rates[:998], "word": ["inf", "x"] * 499})
