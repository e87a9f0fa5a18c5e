"""Kinds that place a number among the column's quantiles."""

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import QuantileTransformer

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.statistics.quantiles import Ranked
from tests.support.kinds import run, schema_of

F = schema_of(x="float")
INTEGERS = schema_of(x="int")


def _samples() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "normal": random.normal(3, 7, 1500),
        "ties": random.poisson(1.0, 700).astype(float),
        "zeros": np.where(random.random(400) < 0.6, 0, random.lognormal(size=400)),
        "few": np.array([3.0, 1, 2, 2]),
        "constant": np.full(9, 5.0),
    }


@pytest.mark.parametrize("name", _samples())
@pytest.mark.parametrize("number", [2, 7, 1000])
def test_quantile_transforms_are_scikit_learns(name: str, number: int, tmp_path: Path) -> None:
    """Of all rows: values of the data, values between and outside them, and ties."""
    values = _samples()[name].astype(np.float32)
    spread = np.ptp(values)
    served = np.concatenate([values, (values[1:] + values[:-1]) / 2, [values.min() - 1, values.max() + 1 + spread]])
    kinds = {"u": "quantile_uniform", "n": "quantile_normal"}
    table = {key: {"kind": kind, "column": "x", "num_quantiles": number} for key, kind in kinds.items()}
    out = run(table, F, {"x": values.tolist()}, tmp_path, serve={"x": served.tolist()})
    for key, distribution in (("u", "uniform"), ("n", "normal")):
        oracle = QuantileTransformer(
            n_quantiles=min(number, len(values)), output_distribution=distribution, subsample=None
        )
        oracle.fit(values[:, None].astype(float))
        # Where a quantile is a value, scikit-learn may miss it by a last bit, and with it the tie.
        nearest = values[np.abs(values[:, None] - oracle.quantiles_.T).argmin(axis=0)][:, None]
        oracle.quantiles_ = np.where(np.isclose(nearest, oracle.quantiles_, 1e-12, 0), nearest, oracle.quantiles_)
        expected = oracle.transform(served[:, None].astype(float))[:, 0]
        np.testing.assert_allclose(out[key], expected, rtol=2e-6, atol=2e-7)


def test_quantile_transforms_of_one_row(tmp_path: Path) -> None:
    """The only value, as a constant, has no share below it."""
    out = run({"x": "quantile_uniform"}, F, {"x": [2.5]}, tmp_path, serve={"x": [2.4, 2.5, 2.6]})["x"]
    assert out.tolist() == [0, 0, 1]


def test_quantile_transforms_of_what_is_no_number(tmp_path: Path) -> None:
    """A missing value has the median's share, or stays NaN; infinities are beyond all values; integers are numbers."""
    table = {
        "filled": {"kind": "quantile_uniform", "column": "x", "indicator": True},
        "score": {"kind": "quantile_normal", "column": "x"},
        "least": {"kind": "quantile_normal", "column": "x", "missing": 1},
    }
    rows = {"x": [1.0, 2, 3, 4, 5]}
    out = run(table, F, rows, tmp_path, serve={"x": [None, math.inf, -math.inf, 3]})
    assert out["filled"].tolist() == [0.5, 1, 0, 0.5]
    assert out["filled_missing"].tolist() == [1, 0, 0, 0]
    np.testing.assert_allclose(out["score"], [0, 5.1993375, -5.1993375, 0], atol=1e-6)
    np.testing.assert_allclose(out["least"], [-5.1993375, 5.1993375, -5.1993375, 0], atol=1e-6)
    folder = tmp_path / "integers"
    folder.mkdir()
    assert run({"x": "quantile_uniform"}, INTEGERS, {"x": [1, 2, 3, None]}, folder)["x"].tolist() == [0, 0.5, 1, 0.5]


@pytest.mark.parametrize("kind", ["quantile_normal", "winsorize"])
def test_a_row_has_the_same_bits_anywhere_in_a_batch(kind: str, tmp_path: Path) -> None:
    """Scores are computed alike in full vectors and in the rest that doesn't fill one; -0.0 stays itself."""
    values = [*np.random.default_rng(2).normal(size=70).astype(np.float32).tolist(), 0.0, 0.0]
    rows = {"x": [*values, *([0.0] * 400)]} if kind == "winsorize" else {"x": values}
    served = [*values, -0.0]
    table = {"x": {"kind": kind, **({"low": 0.3, "high": 0.5} if kind == "winsorize" else {})}}
    bits = []
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir()
        moved = served[turn * 3 :] + served[: turn * 3]
        out = run(table, F, rows, folder, serve={"x": moved})["x"]
        bits.append(np.roll(out, turn * 3).tobytes())
    assert len(set(bits)) == 1


def test_winsorize(tmp_path: Path) -> None:
    """Values beyond NumPy's quantiles become these; a missing one stays, or is filled and then limited."""
    values = np.random.default_rng(1).normal(size=333).astype(np.float32)
    table = {
        "default": {"kind": "winsorize", "column": "x"},
        "half": {"kind": "winsorize", "column": "x", "low": 0.25, "high": 1, "missing": -100},
    }
    out = run(table, F, {"x": [*values.tolist(), None, math.inf]}, tmp_path)
    low, high = np.quantile(values.astype(float), [0.01, 0.99]).astype(np.float32)
    assert out["default"][:-2].tolist() == np.clip(values, low, high).tolist()
    assert math.isnan(out["default"][-2])
    assert out["default"][-1] == high
    assert out["half"][-2] == np.float32(np.quantile(values.astype(float), 0.25))


def test_winsorize_a_constant(tmp_path: Path) -> None:
    """A constant stays, and becomes of every other value."""
    assert run({"x": "winsorize"}, F, {"x": [5, 5, 5]}, tmp_path, serve={"x": [5, 7, -1]})["x"].tolist() == [5, 5, 5]


@pytest.mark.parametrize(("count", "number"), [(1, 2), (5, 2), (10, 4), (1000, 1000), (999, 1000), (1234, 77)])
def test_even_quantiles_are_numpys(count: int, number: int) -> None:
    """But where a step falls on a value, they are that value to the bit."""
    values = np.sort(np.random.default_rng(count).normal(size=count)).astype(np.float32)
    ranked = Ranked(values, np.arange(1, count + 1))
    np.testing.assert_allclose(ranked.evenly(number), np.quantile(values.astype(float), np.linspace(0, 1, number)))
    if count == number:
        assert ranked.evenly(number).tolist() == values.astype(float).tolist()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"kind": "winsorize", "low": 0.5, "high": 0.5}, "expected quantiles from 0 to 1, `low` less than `high`"),
        ({"kind": "winsorize", "low": 1, "high": 99}, "received low = 1 and high = 99"),
        ({"kind": "quantile_uniform", "num_quantiles": 1}, "expected `num_quantiles` to be at least 2, received 1"),
        ({"kind": "quantile_normal", "num_quantiles": 0.5}, "expected `num_quantiles` to be an integer"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features({"x": table}, F)
