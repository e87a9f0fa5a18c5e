"""The features that are chosen for columns."""

import sys
from dataclasses import replace

import pytest

from shardmill.pipelines.init.choose_features import check_context, feature_lines
from shardmill.pipelines.init.feature_line import FeatureLine, column_decisions
from shardmill.pipelines.survey.second_look import OddCells
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.numbers.number_format import NumberFormat
from tests.support.starters import NOTHING, NUMBERS, Columns, features, line, starter, survey_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


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


def test_words_for_true_and_false_are_flags_with_missing_cells_too() -> None:
    """The more frequent one replaces them, and an indicator tells many of them; so isn't a column of plain digits."""
    words = NumberFormat(true_values=("Y",), false_values=("N",))
    cells = [["1", "0", None][number % 3] for number in range(60)]
    rare = [None, *["1", "0", "1"] * 20][:60]
    columns: Columns = {"member": cells, "paid": rare, "paid_missing": cells}
    survey = survey_of(columns, Dialect(numbers=(("member", words), ("paid", words))))
    assert [line.value for line in feature_lines(survey, NOTHING)] == [
        '{ kind = "numeric", missing = "mode", indicator = true }',
        '{ kind = "numeric", missing = "mode" }',
        '{ kind = "vocabulary", num_oov_buckets = 1 }',
    ]


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
    assert '# note = { kind = "tokens", lower = true, strip_punctuation = true, ' in starter(columns)
    assert tomllib.loads(starter({"x": ["1"] * 9, "y": ["a"] * 9}))["features"].keys() == {"x", "y"}


def test_texts_of_several_lines_are_free_text() -> None:
    """A vocabulary would be empty: it takes no token that spans lines; one that doesn't is enough."""
    columns: Columns = {"note": ["a\nb", "c\r\nd"] * 10, "mixed": ["a\nb", "c"] * 10}
    assert features({name: [*cells] * 50 for name, cells in columns.items()}).keys() == {"mixed"}
    assert tomllib.loads(starter({"note": columns["note"]}))["features"]["note"]["kind"] == "tokens"
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
    survey = replace(survey_of({"user_id": [str(number % 9) for number in range(100)]}), odd={"user_id": OddCells(1)})
    assert [line.kind for line in feature_lines(survey, NOTHING)] == ["vocabulary"]


def test_cells_that_are_no_dates_are_named() -> None:
    """By the format of the others; many of them leave an identifier one."""
    odd = {
        "day": OddCells(2, "Total", "data.csv", 7, "%Y-%m-%d"),
        "at": OddCells(1, "24:00", "data.csv", 9, "%H:%M"),
        "user_id": OddCells(400, "x", "data.csv", 4, few=False),
    }
    columns: Columns = {
        "day": ["a", "b"] * 500,
        "at": ["a", "b"] * 500,
        "user_id": [f"x{number}" for number in range(1000)],
    }
    lines = feature_lines(replace(survey_of(columns), odd=odd), NOTHING)
    assert list(map(str, column_decisions(lines))) == [
        "column 'day': vocabulary (2 of 1,000 cells are no dates as %Y-%m-%d, the first in data.csv, line 7: 'Total'), please check",
        "column 'at': vocabulary (1 of 1,000 cells is no time as %H:%M, the first in data.csv, line 9: '24:00'), please check",
        "column 'user_id': commented out (an identifier, as its name says, and nearly all values differ)",
    ]


def test_dates_in_several_formats_are_told() -> None:
    """As a vocabulary, or commented out where nearly all differ; not of versions."""
    mixed = [f"2013-01-{number}" for number in range(10, 20)] + [f"{number}.02.2013" for number in range(10, 20)]
    reason = "dates in several formats, such as %Y-%m-%d (10 cells) and %d.%m.%Y (10 cells)), please check"
    columns: Columns = {"x": mixed, "y": [*mixed[:1] * 10, *mixed[10:11] * 10], "v": ["1.13.10", "13.1.10"] * 10}
    assert list(map(str, column_decisions(feature_lines(survey_of(columns), NOTHING)))) == [
        f"column 'x': commented out ({reason}",
        f"column 'y': vocabulary ({reason}",
    ]


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
        (["2013-01-31"] * 2000 + ["soon"], "datetime (dates as %Y-%m-%d; 1 value doesn't fit and counts as missing)"),
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


@pytest.mark.parametrize("pattern", ["{0} kg", "id-{0}", "{0:05d}th"])
def test_texts_that_all_differ_are_left_out_as_a_guess(pattern: str) -> None:
    """What they are, numbers with units or identifiers, isn't said."""
    columns: Columns = {"y": NUMBERS[:40], "x": [pattern.format(number * 7) for number in range(40)]}
    decisions = map(str, column_decisions(feature_lines(survey_of(columns), NOTHING)))
    assert "column 'x': commented out (nearly all values differ), please check" in decisions


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
            "nearly all values differ: text, 1,000 distinct",
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


def test_the_only_columns_are_used_though_there_is_little_to_learn() -> None:
    """A configuration without features wouldn't run."""
    found = tomllib.loads(starter({"id": [f"id-{number}" for number in range(100)]}))["features"]
    assert found == {"id": {"kind": "hash", "num_buckets": 1000}}
    assert tomllib.loads(starter({"c": ["5"] * 100}))["features"] == {"c": {"kind": "vocabulary", "num_oov_buckets": 1}}


def test_no_values_at_all_are_an_error() -> None:
    """The message says what to check."""
    with pytest.raises(DataError, match=r"no column has a value to learn from.*null_values"):
        starter({"x": [None, None]})
    with pytest.raises(DataError, match="there are no rows below the header"):
        starter({"x": []})
    with pytest.raises(DataError, match="there are no rows, so"):
        starter({"x": []}, Dialect(header=False))


def test_lists_become_zeros_and_ones_or_ids() -> None:
    """By what stands between their elements, and by how many of these differ."""
    genres = [f"g{number % 7}|g{number % 5}| g{number % 3}" for number in range(1000)]
    tags = [";".join(f"t{(number * step) % 500}" for step in (3, 5, 7, 11)) for number in range(1000)]
    columns: Columns = {"genres": genres, "tags": tags, "tag_ids": genres}
    assert features(columns) == {
        "genres": {"kind": "multi_hot", "delimiter": "|", "num_oov_buckets": 1},
        "tags": {"kind": "sequence", "delimiter": ";", "top_k": 10_000},
        "tag_ids": {"kind": "multi_hot", "delimiter": "|", "num_oov_buckets": 1},
    }
    (decision, *_) = column_decisions(feature_lines(survey_of({"genres": genres}), NOTHING))
    assert str(decision) == "column 'genres': multi_hot (lists of 7 different elements, with '|' between them)"


def test_a_context_is_of_features() -> None:
    """The flag of missing cells and a date's part are; a column that is commented out isn't, and what to do is said."""
    lines = [
        FeatureLine("age", '"z_score"', ""),
        FeatureLine("day", '{ kind = "datetime" }', ""),
        FeatureLine("id", '"hash"', "", used=False),
    ]
    check_context(lines, StarterRequest(tables={"sequence": {"context": ["age_missing", "day_weekday", "age"]}}))
    for name, hint in (("agee", "; did you mean 'age'"), ("id", "; its line is commented out: --set features.id=")):
        with pytest.raises(ConfigError, match=f"--set sequence.context: there is no feature '{name}'{hint}"):
            check_context(lines, StarterRequest(tables={"sequence": {"context": [name]}}))
