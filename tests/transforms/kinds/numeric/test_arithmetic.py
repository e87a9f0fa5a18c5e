"""Arithmetic of columns."""

import math
from pathlib import Path

import numpy as np
import pytest

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import allowed_types, parse_features
from shardmill.transforms.kinds.base import NUMBERS
from tests.support.kinds import run, schema_of

S = schema_of(a="float", b="float", n="int", m="int")


def _of(expression: str, **parameters: object) -> dict[str, object]:
    return {"kind": "arithmetic", "expression": expression, **parameters}


def test_results_are_numpys(tmp_path: Path) -> None:
    """In float64, rounded once: the difference of two large integers keeps its digits."""
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 40)).astype(np.float32)
    n = random.integers(1_700_000_000, 1_800_000_000, 40)
    rows = {"a": a.tolist(), "b": b.tolist(), "n": n.tolist(), "m": (n - 7).tolist()}
    out = run({"q": _of("a / b"), "s": _of("(a - b) / 3 + -a * 2e1"), "d": _of("n - m")}, S, rows, tmp_path)
    wide, other = a.astype(float), b.astype(float)
    assert out["q"].tolist() == (wide / other).astype(np.float32).tolist()
    assert out["s"].tolist() == ((wide - other) / 3 + -wide * 20).astype(np.float32).tolist()
    assert out["d"].tolist() == [7] * 40


def test_a_zero_divisor(tmp_path: Path) -> None:
    """Missing, or the number given for the quotient; 0 / 0 too; a missing dividend stays missing."""
    table = {
        "plain": _of("a / b", indicator=True),
        "given": _of("a / b + 1", zero_divisor=10),
        "both": _of("a / b", zero_divisor=10, missing=-1),
        "filled": _of("a / b", missing=-1),
    }
    rows = {"a": [1.0, 0, None, 6, 4], "b": [0.0, -0.0, 0, 3, None], "n": [1] * 5, "m": [1] * 5}
    out = run(table, S, rows, tmp_path)
    np.testing.assert_equal(out["plain"], np.array([math.nan, math.nan, math.nan, 2, math.nan], np.float32))
    assert out["plain_missing"].tolist() == [1, 1, 1, 0, 1]
    np.testing.assert_equal(out["given"], np.array([11, 11, math.nan, 3, math.nan], np.float32))
    assert out["both"].tolist() == [10, 10, -1, 2, -1]
    assert out["filled"].tolist() == [-1, -1, -1, 2, -1]


def test_columns_come_from_the_expression() -> None:
    """They are read as numbers; patterns leave them alone; a missing one rejects the row where that is asked for."""
    table = {"ratio": _of("a / n", missing="reject"), "*": "z_score"}
    kinds = parse_features(table, S)
    assert [(kind.name, kind.columns) for kind in kinds] == [("ratio", ("a", "n")), ("b", ("b",)), ("m", ("m",))]
    assert kinds[0].required_columns(S) == ("a", "n")
    assert allowed_types(table, S.names)["n"] == NUMBERS


def test_rows_that_a_divisor_rejects() -> None:
    """Those in which it is 0: a column's number; in serving the quotient is missing there."""
    (kind,) = parse_features({"x": _of("a / b / n / 2", zero_divisor="reject")}, S)
    assert kind.refusals() == {"b": "zero", "n": "zero"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (_of("a / c"), "there is no column 'c'"),
        (_of("a / 0"), "expected no division by 0 in `expression`, received 'a / 0'"),
        (_of("1 / 2"), "expected an `expression` of columns, received '1 / 2'"),
        (_of("a +"), r"`expression` 'a \+': expected a column, a number or '\(', received the end"),
        (_of("a / b", columns=["a"]), "expected `expression`, which names the columns, or `columns`, received both"),
        (_of("a / b", zero_divisor="none"), 'expected `zero_divisor` to be a number, "missing" or "reject", received'),
        (_of("a / (b + 1)", zero_divisor="reject"), "expected divisors that are columns or numbers with zero_divisor"),
        ({"kind": "arithmetic"}, "`arithmetic` needs `expression`: a string"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": table}, S)
