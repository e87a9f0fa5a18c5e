"""Arithmetic expressions."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.transforms.kinds.numeric.expression import (
    Expression,
    Name,
    Number,
    Operation,
    columns_of,
    divisors_of,
    parse_expression,
)


def _value(expression: Expression, values: dict[str, float]) -> float:
    if isinstance(expression, Number):
        return expression.value
    if isinstance(expression, Name):
        return values[expression.column]
    left, right = _value(expression.left, values), _value(expression.right, values)
    return {"+": left + right, "-": left - right, "*": left * right}[expression.sign]


def _texts() -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["a", "b", "1", "2.5", ".5", "1e2"])
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["+", " - ", "*"]), inner).map("".join),
            inner.map("({})".format),
            inner.map("-{}".format),
        ),
        max_leaves=12,
    )


@settings(max_examples=200, deadline=None)
@given(text=_texts())
def test_expressions_are_read_as_python_reads_them(text: str) -> None:
    """Python's precedence and associativity."""
    expected = eval(compile(ast.parse(text, mode="eval"), "", "eval"), {"a": 3.0, "b": 7.0})
    assert _value(parse_expression(text), {"a": 3.0, "b": 7.0}) == pytest.approx(expected)


def test_columns_and_divisors() -> None:
    """Each column once, in order; a name that is no word stands between backticks."""
    found = parse_expression("(`dep delay` - tm2) / (tm2 / größe)")
    assert columns_of(found) == ("dep delay", "tm2", "größe")
    assert divisors_of(found) == (Operation("/", Name("tm2"), Name("größe")), Name("größe"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected a column, a number or '\(', received the end"),
        ("a +", r"expected a column, a number or '\(', received the end"),
        ("a b", "expected an operator, received 'b' at character 3"),
        ("(a - b", r"expected '\)', received the end"),
        ("a )", r"expected an operator, received '\)' at character 3"),
        ("a ** b", r"expected a column, a number or '\(', received '\*' at character 4"),
        ("a %  b", r"expected a column, a number or one of \+ - \* / \( \), received '%' at character 3"),
        ("`a", "received '`' at character 1"),
        ("a*1e999", "expected a number that float64 holds, received '1e999' at character 3"),
        ("a.b", "received '.' at character 2"),
        ("-" * 60 + "a", "expected at most 50 parentheses or signs within each other"),
        ("(" * 5000 + "a", "expected at most 50 parentheses or signs within each other"),
    ],
)
def test_what_is_no_expression(text: str, message: str) -> None:
    """The message says what was expected, and where."""
    with pytest.raises(ValueError, match=message):
        parse_expression(text)
