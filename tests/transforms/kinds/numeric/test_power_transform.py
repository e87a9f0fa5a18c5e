"""Numbers made normal by a power."""

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import PowerTransformer

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.distributions.yeo_johnson import fit_yeo_johnson
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

F = schema_of(x="float")


def _samples() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        "normal": random.normal(3, 7, 2000),
        "skewed": random.lognormal(5, 3, 2000),
        "negative": -random.lognormal(size=3000),
        "both": random.exponential(5, 500) - 1,
        "counts": random.poisson(2, 900).astype(float),
        "two": np.array([0.0, 1, 1, 1]),
    }


@pytest.mark.parametrize("name", _samples())
def test_results_are_scikit_learns(name: str, tmp_path: Path) -> None:
    """The exponent to 1e-6, and the results to float32's precision, standardized or not, of other values too."""
    values = _samples()[name].astype(np.float32)
    served = np.concatenate([values, [values.min() - 1, values.max() + 1, 0, -0.0]]).astype(np.float32)
    table = {
        "standard": {"kind": "yeo_johnson", "column": "x"},
        "plain": {"kind": "yeo_johnson", "column": "x", "standardize": False},
    }
    out = run(table, F, {"x": values.tolist()}, tmp_path, serve={"x": served.tolist()})
    for key, standardize in (("standard", True), ("plain", False)):
        oracle = PowerTransformer(standardize=standardize).fit(values[:, None].astype(float))
        expected = oracle.transform(served[:, None].astype(float))[:, 0]
        np.testing.assert_allclose(out[key], expected, rtol=2e-5, atol=2e-5)
    exponent = fit_yeo_johnson(*np.unique(values, return_counts=True)).exponent
    assert abs(exponent - oracle.lambdas_[0]) < 1e-6


@pytest.mark.parametrize(
    ("values", "exponent"),
    [([5.0], 1), ([1000, 1000.01, 1000.02, 990], 20), ([-1e-6, 0, 1e-6, 3e-6], -20), ([3e38, 1e38, 2e38], None)],
)
def test_exponents_stay_within_bounds(values: list[float], exponent: float | None) -> None:
    """1 for a constant, and no further than 20 where the likelihood hardly tells; all results are finite."""
    fit = fit_yeo_johnson(*np.unique(np.array(values, np.float32), return_counts=True))
    assert exponent in (None, fit.exponent)
    assert all(map(math.isfinite, (fit.exponent, fit.mean, fit.deviation)))


def test_a_constant_and_missing_values(tmp_path: Path) -> None:
    """A constant becomes 0, another value its distance; a missing one is as the median; infinities stay beyond."""
    assert run({"x": "yeo_johnson"}, F, {"x": [5, 5, None]}, tmp_path, serve={"x": [5, 7, None]})["x"].tolist() == [
        0,
        2,
        0,
    ]
    folder = tmp_path / "some"
    folder.mkdir()
    table = {"x": {"kind": "yeo_johnson", "indicator": True}}
    out = run(table, F, {"x": [1, 2, 4, 8, 16]}, folder, serve={"x": [None, 4, math.inf, -math.inf]})
    assert out["x"][0] == out["x"][1]
    assert out["x"][3] == -math.inf
    assert out["x"][2] > 1
    assert out["x_missing"].tolist() == [1, 0, 0, 0]


def test_a_row_has_the_same_bits_anywhere_in_a_batch(tmp_path: Path) -> None:
    """Of the last rows, too."""
    rows = {"x": np.random.default_rng(0).normal(size=50).tolist()}
    assert len(set(run({"x": "yeo_johnson"}, F, rows, tmp_path, serve={"x": [0.3] * 21})["x"].tolist())) == 1


def test_bad_parameters() -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match="expected `standardize` to be true or false, received 1"):
        parse_features({"x": {"kind": "yeo_johnson", "standardize": 1}}, F)
