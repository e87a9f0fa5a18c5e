"""Kinds that keep a number a number."""

import math
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import MISSING_INT, analyzed, batch_of, run, schema_of

F = schema_of(x="float")
INTEGERS = schema_of(x="int")


def test_z_score(tmp_path: Path) -> None:
    """A z-score is the float32 quotient of TF Transform's formula, to the bit, with its biased variance."""
    values = np.random.default_rng(0).normal(3, 7, 1001).astype(np.float32)
    out = run({"x": "z_score"}, F, {"x": values.tolist()}, tmp_path)["x"]
    wide = values.astype(np.float64)
    expected = (values - np.float32(wide.mean())) / np.sqrt(np.float32(wide.var()))
    assert out.tobytes() == expected.tobytes()


def test_z_score_of_integers(tmp_path: Path) -> None:
    """An INT column is scaled in float32."""
    out = run({"x": "z_score"}, INTEGERS, {"x": [1, 2, 3, None]}, tmp_path)["x"]
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, [-1.2247449, 0, 1.2247449, 0], rtol=1e-6)


def test_z_score_of_a_constant(tmp_path: Path) -> None:
    """A constant column becomes 0; another value, met in serving, its distance from the mean, as in TF Transform."""
    assert run({"x": "z_score"}, F, {"x": [5, 5, None]}, tmp_path, serve={"x": [5, 7, None]})["x"].tolist() == [0, 2, 0]


@pytest.mark.parametrize("kind", ["z_score", "robust"])
@pytest.mark.parametrize("rows", [1, 7])
def test_a_large_constant_integer_becomes_0(kind: str, rows: int, tmp_path: Path) -> None:
    """It is rounded to float32 once, as the graph rounds it: by way of float64 the mean would be another number, 2**37 away."""
    constant = 2**60 + 2**36 + 1
    assert run({"x": kind}, INTEGERS, {"x": [constant] * rows}, tmp_path)["x"].tolist() == [0] * rows


@pytest.mark.parametrize("rule", ["mean", "median", "mode"])
def test_a_missing_integer_becomes_the_constant(rule: str, tmp_path: Path) -> None:
    """To the last digit, though no float64 holds it."""
    constant = 2**60 + 1
    table = {"x": {"kind": "numeric", "missing": rule}}
    assert run(table, INTEGERS, {"x": [constant, None]}, tmp_path)["x"].tolist() == [constant] * 2


def test_z_score_of_a_constant_after_pre_is_a_last_bit_at_most(tmp_path: Path) -> None:
    """TensorFlow's logarithm and NumPy's, which the mean is of, may differ there; nothing is divided by that."""
    table = {"x": {"kind": "z_score", "pre": ["log"]}}
    out = run(table, F, {"x": [7.7] * 7}, tmp_path)["x"]
    assert np.abs(out).max() <= np.spacing(np.float32(np.log(7.7)))


def test_z_score_keeps_infinities(tmp_path: Path) -> None:
    """Infinite values take no part in the statistics and pass through."""
    out = run({"x": "z_score"}, F, {"x": [1, 3, math.inf, -math.inf]}, tmp_path)["x"]
    assert out.tolist() == [-1, 1, math.inf, -math.inf]


def test_z_score_of_tiny_and_huge_values(tmp_path: Path) -> None:
    """A variance that float32 can't hold doesn't make the deviation 0 or infinite."""
    for scale in (1e-30, 1e30):
        folder = tmp_path / str(scale)
        folder.mkdir()
        np.testing.assert_allclose(run({"x": "z_score"}, F, {"x": [scale, 3 * scale]}, folder)["x"], [-1, 1], rtol=1e-5)


@pytest.mark.parametrize(("rule", "filled"), [("mean", 4.0), ("median", 2.0), ("mode", 1.0), (7, 7.0), (0.5, 0.5)])
def test_missing_rules(rule: object, filled: float, tmp_path: Path) -> None:
    """A missing value is what the rule says, of the present values."""
    out = run({"x": {"kind": "numeric", "missing": rule}}, F, {"x": [1, 1, 2, 6, 10, None]}, tmp_path)["x"]
    assert out.tolist() == [1, 1, 2, 6, 10, filled]


def test_reject_names_the_column() -> None:
    """`missing = "reject"` requires the column; a label does by default, and so do integers without a rule, unless they are derived."""
    schema = schema_of(x="float", n="int", derived="int")
    kinds = parse_features(
        {
            "x": {"kind": "numeric", "missing": "reject"},
            "y": {"kind": "label", "column": "x"},
            "z": {"kind": "z_score", "column": "x"},
            "n": "numeric",
            "filled": {"kind": "numeric", "column": "n", "missing": 0},
            "log": {"kind": "numeric", "column": "n", "pre": ["log1p"]},
            "derived": "numeric",
        },
        schema,
    )
    raw = schema_of(x="float", n="int")
    assert [kind.required_columns(raw) for kind in kinds] == [("x",), ("x",), (), ("n",), (), (), ()]


def test_indicator(tmp_path: Path) -> None:
    """`indicator` says where a value is missing, also where `pre` has no answer."""
    table = {
        "x": {"kind": "z_score", "pre": ["log"], "indicator": True},
        "y": {"kind": "min_max", "column": "x", "indicator": True},
    }
    out = run(table, F, {"x": [1, math.e, None, -1]}, tmp_path)
    assert out["x_missing"].tolist() == [0, 0, 1, 1]
    assert out["y_missing"].tolist() == [0, 0, 1, 0]
    np.testing.assert_allclose(out["x"], [-1, 1, 0, 0], atol=1e-6)


def test_min_max(tmp_path: Path) -> None:
    """min_max is TF Transform's formula, to the bit."""
    values = np.random.default_rng(1).normal(3, 7, 1001).astype(np.float32)
    out = run({"x": {"kind": "min_max", "min": -2, "max": 3.3}}, F, {"x": values.tolist()}, tmp_path)["x"]
    low, high = values.min(), values.max()
    expected = (values - low) / (high - low) * np.float32(5.3) + np.float32(-2)
    assert out.tobytes() == expected.tobytes()


def test_min_max_of_one_value(tmp_path: Path) -> None:
    """A column of one distinct value goes through a sigmoid, as in TF Transform."""
    out = run(
        {"x": {"kind": "min_max", "min": 1, "max": 5}}, F, {"x": [3, 3, None]}, tmp_path, serve={"x": [3, -1, 0]}
    )["x"]
    np.testing.assert_allclose(out, tf.sigmoid([3.0, -1.0, 0.0]).numpy() * 4 + 1, rtol=1e-6)


def test_min_max_of_large_integers(tmp_path: Path) -> None:
    """The least integer becomes `min` exactly: it is rounded to float32 once, as the graph rounds it, not by way of float64."""
    least = 2**60 + 2**36 + 1
    assert run({"x": "min_max"}, INTEGERS, {"x": [least, 2**62]}, tmp_path)["x"].tolist() == [0, 1]


@pytest.mark.parametrize(("kind", "expected"), [("min_max", 0.5), ("robust", 0)])
def test_a_range_that_tensorflow_takes_for_nothing(kind: str, expected: float, tmp_path: Path) -> None:
    """Numbers that differ by less than the smallest normal float32 are scaled as a constant is, not divided by zero."""
    out = run({"x": kind}, F, {"x": [1.2e-38, 1.3e-38, 1.3e-38, 1.4e-38]}, tmp_path)["x"]
    np.testing.assert_allclose(out, [expected] * 4, atol=1e-6)


def test_min_max_has_one_zero(tmp_path: Path) -> None:
    """-0.0 becomes 0.0, as 0.0 does."""
    out = run({"x": {"kind": "min_max", "max": 255}}, F, {"x": [-0.0, 0.0, 3.0]}, tmp_path)["x"]
    assert np.signbit(out).tolist() == [False] * 3


def test_min_max_fills_with_the_mean(tmp_path: Path) -> None:
    """A missing value is scaled as the mean is."""
    assert run({"x": "min_max"}, F, {"x": [0, 1, 8, None]}, tmp_path)["x"].tolist() == [0, 0.125, 1, 0.375]


def test_robust(tmp_path: Path) -> None:
    """(x - median) / IQR with NumPy's quartiles; a missing value is 0."""
    values = [1.0, 2.0, 4.0, 8.0, 16.0, 100.0]
    low, median, high = np.quantile(values, [0.25, 0.5, 0.75])
    out = run({"x": "robust"}, F, {"x": [*values, None]}, tmp_path)["x"]
    np.testing.assert_allclose(out, [*((np.array(values) - median) / (high - low)), 0], rtol=1e-6)


def test_robust_without_spread(tmp_path: Path) -> None:
    """Equal quartiles: the distance from the median."""
    assert run({"x": "robust"}, F, {"x": [2, 2, 2, 2, 9]}, tmp_path)["x"].tolist() == [0, 0, 0, 0, 7]


def test_pre(tmp_path: Path) -> None:
    """`pre` applies in order, before the statistics and in the graph."""
    values = [0.0, 1.0, 50.0, 1000.0]
    out = run({"x": {"kind": "min_max", "pre": [{"clip": [0, 100]}, "log1p"]}}, F, {"x": values}, tmp_path)["x"]
    np.testing.assert_allclose(out, np.log1p(np.clip(values, 0, 100)) / np.log1p(100), rtol=1e-6)


def test_a_number_stands_before_pre(tmp_path: Path) -> None:
    """A number as `missing` is a value of the column: `pre` applies to it."""
    assert run({"x": {"kind": "numeric", "pre": ["sqrt"], "missing": 9}}, F, {"x": [4, None]}, tmp_path)[
        "x"
    ].tolist() == [2, 3]


def test_operations_as_kinds(tmp_path: Path) -> None:
    """log, log1p, clip and power are kinds too; without a rule NaN stays."""
    table = {
        "a": {"kind": "log", "column": "x"},
        "b": {"kind": "log1p", "column": "x"},
        "c": {"kind": "clip", "column": "x", "max": 2},
        "d": {"kind": "power", "column": "x", "exponent": 0.5, "pre": ["abs"]},
    }
    out = run(table, F, {"x": [1, 4, None, -4]}, tmp_path)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(out["a"], np.log(np.float32([1, 4, np.nan, -4])), rtol=1e-6)
        np.testing.assert_allclose(out["b"], np.log1p(np.float32([1, 4, np.nan, -4])), rtol=1e-6)
    assert out["c"][[0, 1, 3]].tolist() == [1, 2, -4]
    assert np.isnan(out["c"][2])
    np.testing.assert_allclose(out["d"], [1, 2, np.nan, 2], rtol=1e-6)


@pytest.mark.parametrize("pre", ["log", "log1p", {"power": 0.37}, "sqrt"])
def test_a_row_has_the_same_bits_anywhere_in_a_batch(pre: object, tmp_path: Path) -> None:
    """The value of a row doesn't depend on the batch that it is in, as TensorFlow's own `log` does."""
    values = np.random.default_rng(2).uniform(0.1, 50, 71).astype(np.float32)
    whole, alone = tmp_path / "whole", tmp_path / "alone"
    whole.mkdir()
    alone.mkdir()
    table = {"x": {"kind": "numeric", "pre": [pre]}}
    together = run(table, F, {"x": values.tolist()}, whole)["x"]
    for index in range(0, 71, 7):
        folder = alone / str(index)
        folder.mkdir()
        each = run(table, F, {"x": values.tolist()}, folder, serve={"x": values[index : index + 1].tolist()})["x"]
        assert each.tobytes() == together[index : index + 1].tobytes()


def test_clip_gives_a_zero_the_same_bits_anywhere(tmp_path: Path) -> None:
    """-0.0 isn't less than 0.0, and stays; TensorFlow's own maximum would change all but the last few of them."""
    out = run({"x": {"kind": "clip", "min": 0, "max": 5}}, F, {"x": [-0.0] * 9}, tmp_path)["x"]
    assert np.signbit(out).tolist() == [True] * 9


def test_numeric_keeps_integers(tmp_path: Path) -> None:
    """An INT column without `pre` stays int64, exact; a mean is rounded half to even."""
    big = 2**62 + 1
    assert run(
        {"x": {"kind": "numeric", "missing": "mean"}},
        INTEGERS,
        {"x": [1, 4, None]},
        tmp_path,
        serve={"x": [big, 4, None]},
    )["x"].tolist() == [big, 4, 2]


def test_numeric_integers_need_a_rule(tmp_path: Path) -> None:
    """An INT column that misses values can't stay int64 without a rule; the message says which column, how many, what to write."""
    kinds = parse_features({"n": {"kind": "numeric", "column": "x"}}, INTEGERS)
    statistics = analyzed(kinds, INTEGERS, batch_of(INTEGERS, {"x": [1, None, None]}), tmp_path)
    with pytest.raises(DataError, match=r"'n': the INT column 'x' misses 2 of 3 values.*missing = 0"):
        kinds[0].outputs(INTEGERS, statistics)


def test_numeric_floats_keep_nan(tmp_path: Path) -> None:
    """A FLOAT column without a rule keeps NaN."""
    out = run({"x": "numeric"}, F, {"x": [1, None]}, tmp_path)["x"]
    assert out[0] == 1
    assert np.isnan(out[1])


def test_no_values(tmp_path: Path) -> None:
    """A column without a finite value can't be scaled; the message says so."""
    kinds = parse_features({"x": "z_score"}, F)
    statistics = analyzed(kinds, F, batch_of(F, {"x": [None, math.inf]}), tmp_path)
    with pytest.raises(DataError, match=r"'x' has no finite value in the 2 rows .*1 missing, 1 infinite"):
        kinds[0].outputs(F, statistics)


def test_label(tmp_path: Path) -> None:
    """A label is its column, of any type."""
    schema = schema_of(i="int", f="float", b="bytes")
    columns = {"i": [1, None], "f": [0.5, 1], "b": ["yes", "no"]}
    out = run(dict.fromkeys("ifb", "label"), schema, columns, tmp_path)
    assert out["i"].tolist() == [1, MISSING_INT]
    assert out["f"].tolist() == [0.5, 1]
    assert out["b"].tolist() == [b"yes", b"no"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"kind": "z_score", "missing": "average"},
            'expected `missing` to be a number or one of "mean", "median", "mode", "reject", received \'average\'',
        ),
        ({"kind": "min_max", "min": 2, "max": 1}, "expected `min` less than `max`, received min = 2 and max = 1"),
        ({"kind": "z_score", "pre": ["logg"]}, "unknown operation 'logg' in `pre`.*did you mean 'log'"),
        (
            {"kind": "z_score", "pre": [{"clip": [1]}]},
            r"expected 2 number\(s\) \(min, max\) for `clip` in `pre`, received \[1\]",
        ),
        ({"kind": "z_score", "pre": [{"clip": [2, 1]}]}, "expected min <= max for `clip` in `pre`"),
        ({"kind": "z_score", "pre": 3}, "expected `pre` to be a list"),
        ({"kind": "z_score", "pre": [3]}, "expected each of `pre` to be a name or a table"),
        ({"kind": "power", "exponent": 0}, "an exponent other than 0 for `power`"),
        ({"kind": "clip", "min": 2, "max": 1}, "expected `min` of at most `max`"),
        ({"kind": "power"}, "`power` needs `exponent`: a number"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused with the parameter, what is expected and what was received."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": table}, F)


def test_bad_parameters_for_the_type() -> None:
    """A number of halves can't stand in an int64 column, nor a mean in a text label."""
    with pytest.raises(ConfigError, match="expected `missing` to be an integer"):
        parse_features({"x": {"kind": "numeric", "missing": 0.5}}, INTEGERS)
    with pytest.raises(ConfigError, match="no `pre`, as column 'x' is BYTES, received missing = 'mean'"):
        parse_features({"x": {"kind": "label", "missing": "mean"}}, schema_of(x="bytes"))
