"""Conditions on rows: held against Python's own comparisons, and what mistakes are told."""

import operator
import re
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.filtering.condition import Condition, check_condition, fields_of, holds
from shardmill.transforms.filtering.condition_parser import parse_condition

SCHEMA = Schema((Column("n", ColumnType.INT), Column("x", ColumnType.FLOAT), Column("s t", ColumnType.BYTES)))
_SIGNS = {
    "==": operator.eq,
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COLUMNS = {"n": st.integers(-3, 3), "x": st.sampled_from([-0.5, 0.0, 2.0, 3.25]), "s t": st.sampled_from("abc")}
rows = st.fixed_dictionaries({name: st.none() | values for name, values in _COLUMNS.items()})


def _named(name: str) -> str:
    return f"`{name}`" if " " in name else name


@st.composite
def leaves(draw: st.DrawFn) -> tuple[str, Any]:
    """A condition without others in it, and the same as a function of a row."""
    name = draw(st.sampled_from(list(_COLUMNS)))
    kind = draw(st.sampled_from(["compare", "flipped", "columns", "in", "missing"]))
    negated = draw(st.booleans())
    if kind == "missing":
        text = f"{_named(name)} is {'not ' if negated else ''}missing"
        return text, lambda row: (row[name] is None) != negated
    if kind == "in":
        values = draw(st.lists(_COLUMNS[name], min_size=1, max_size=3))
        text = f"{_named(name)} {'not ' if negated else ''}in ({', '.join(map(repr, values))})"
        return text, lambda row: row[name] is not None and (row[name] in values) != negated
    sign = draw(st.sampled_from(list(_SIGNS)))
    other = {"n": "x", "x": "n", "s t": "s t"}[name]
    literal = draw(_COLUMNS[name])
    left, right = {
        "compare": (_named(name), repr(literal)),
        "flipped": (repr(literal), _named(name)),
        "columns": (_named(name), _named(other)),
    }[kind]
    first, second = {
        "compare": (lambda row: row[name], lambda _: literal),
        "flipped": (lambda _: literal, lambda row: row[name]),
        "columns": (lambda row: row[name], lambda row: row[other]),
    }[kind]

    def compare(row: dict[str, Any]) -> bool:
        values = first(row), second(row)
        return None not in values and bool(_SIGNS[sign](*values))

    return f"{left} {sign} {right}", compare


def _joined(inner: st.SearchStrategy[tuple[str, Any]]) -> st.SearchStrategy[tuple[str, Any]]:
    pairs = st.tuples(inner, st.sampled_from(["and", "or", "AND"]), inner)
    return st.one_of(
        inner.map(lambda each: (f"not ({each[0]})", lambda row: not each[1](row))),
        pairs.map(
            lambda three: (
                f"({three[0][0]}) {three[1]} ({three[2][0]})",
                lambda row: (
                    (three[0][1](row) and three[2][1](row))
                    if three[1] != "or"
                    else (three[0][1](row) or three[2][1](row))
                ),
            )
        ),
    )


def _columns(found: list[dict[str, Any]]) -> dict[str, pa.Array]:
    return {column.name: pa.array([row[column.name] for row in found], column.type.arrow) for column in SCHEMA}


def _checked(text: str) -> Condition:
    condition = parse_condition(text)
    check_condition(condition, SCHEMA)
    return condition


@given(st.recursive(leaves(), _joined, max_leaves=6), st.lists(rows, max_size=8))
def test_conditions_hold_as_in_python(condition: tuple[str, Any], found: list[dict[str, Any]]) -> None:
    """For all rows, with missing values, too: a comparison with one doesn't hold."""
    text, expected = condition
    held = holds(_checked(text), _columns(found))
    assert held.null_count == 0
    assert held.to_pylist() == [expected(row) for row in found]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("n > 1 or n < 0 and x > 0", [True, False, False]),
        ("not n > 1 and x is missing", [False, True, False]),
        ("not not n = 2", [True, False, False]),
        ("n in (2, 2.5) or n == -1.0", [True, False, True]),
        ("n < 1e30 and n > -99999999999999999999", [True, False, True]),
        ("x = 0.1", [True, False, False]),
        ("x in (0.1)", [True, False, False]),
        ("`s t` != 'a\\'b'", [False, True, False]),
        ('`s t` == "a\'b"', [True, False, False]),
    ],
)
def test_what_conditions_mean(text: str, held: list[bool]) -> None:
    """`and` binds before `or`, `not` before both; floats are float32; text may be quoted in two ways."""
    found = [
        {"n": 2, "x": 0.1, "s t": "a'b"},
        {"n": None, "x": None, "s t": "c"},
        {"n": -1, "x": -7.0, "s t": None},
    ]
    assert holds(_checked(text), _columns(found)).to_pylist() == held


def test_columns_of_a_condition_are_told_in_order() -> None:
    """Each with its position."""
    found = [(field.name, field.at) for field in fields_of(parse_condition("x > 1 or not (n in (1) and `s t` = 'a')"))]
    assert found == [("x", 1), ("n", 15), ("s t", 29)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n >", "expected a column, a number or quoted text, received the end"),
        ("n > 1 x", "expected 'and', 'or' or the end, received 'x' at character 7"),
        ("(n > 1", "expected ')', received the end"),
        ("n & 1", "expected a column, a number, quoted text or a sign, received '& 1' at character 3"),
        ("n = 'a", 'expected a quote that is closed, received "\'a" at character 5'),
        ("n", "expected a comparison (==, !=, <, <=, >, >=, in, is missing), received the end"),
        ("n is 3", "expected 'missing' or 'not missing', received '3' at character 6"),
        ("n is not 3", "expected 'missing', received '3' at character 10"),
        ("n not 3", "expected 'in', received '3' at character 7"),
        ("n in 3", "expected '(' and a list of numbers or quoted text, received '3' at character 6"),
        ("n in ()", "expected a number or quoted text, received ')' at character 7"),
        ("n in (1, 'a')", "expected a number or quoted text, as before, received 'a' at character 11"),
        ("n in (1 2)", "expected ',' or ')', received '2' at character 9"),
        ("1 < 2", "expected a comparison with a column, received '1' at character 1"),
        ("n < 1e999", "expected a number of at most 1.8e308, received '1e999' at character 5"),
        ("and", "expected a column, a number, quoted text or '(', received 'and' at character 1"),
        ("n = __import__('os')", "expected 'and', 'or' or the end, received '(' at character 15"),
        ("(" * 60 + "n > 1" + ")" * 60, "expected at most 50 conditions within each other"),
    ],
)
def test_what_is_no_condition_is_told(text: str, expected: str) -> None:
    """What was expected, what was received, and where."""
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        parse_condition(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n > 1 and nn < 2", "there is no column 'nn' (character 11); did you mean 'n'?"),
        ("zzz > 1", "there is no column 'zzz' (character 1); the columns are 'n', 'x', 's t'"),
        ("n == 'a'", "column 'n' (character 1) holds numbers: expected a number to compare it with, received 'a'"),
        (
            "3 < `s t`",
            "column 's t' (character 6) holds text: expected text, such as 'a', to compare it with, received 3",
        ),
        (
            "n < `s t`",
            "column 'n' (character 1) holds numbers: expected a number to compare it with, received column 's t'",
        ),
        ("x in ('a')", "column 'x' (character 1) holds numbers: expected a number to compare it with, received 'a'"),
    ],
)
def test_columns_and_types_are_checked(text: str, expected: str) -> None:
    """An unknown column is told with the nearest one, and so is text compared with numbers."""
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        check_condition(parse_condition(text), SCHEMA)
