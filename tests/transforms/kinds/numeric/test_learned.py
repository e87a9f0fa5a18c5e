"""The numbers that kinds take from the statistics, as people see them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import PowerTransformer

from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import analyzed, batch_of, schema_of

F = schema_of(x="float")
VALUES = np.random.default_rng(0).lognormal(1, 1, 1000).astype(np.float32)


def learned(table: dict[str, Any] | str, tmp_path: Path) -> dict[str, Any]:
    """The numbers that one feature learns of the values and a missing one."""
    (kind,) = parse_features({"x": table}, F)
    statistics = analyzed([kind], F, batch_of(F, {"x": [*VALUES.tolist(), None]}), tmp_path)
    return dict(kind.learned(statistics))


def test_scales_are_numpys(tmp_path: Path) -> None:
    """Means, deviations, limits, medians and quartiles; and what replaces missing values."""
    wide = VALUES.astype(np.float64)
    expected = {"mean": wide.mean(), "standard deviation": wide.std(), "replacement of missing": wide.mean()}
    assert learned("z_score", tmp_path) == pytest.approx(expected, rel=1e-6)
    found = learned({"kind": "min_max", "missing": 0}, tmp_path)
    assert found == {"least": wide.min(), "greatest": wide.max()}
    found = learned({"kind": "robust", "missing": "reject"}, tmp_path)
    quartiles = dict(
        zip(("first quartile", "median", "third quartile"), np.quantile(wide, [0.25, 0.5, 0.75]), strict=True)
    )
    assert found == pytest.approx(quartiles)


def test_quantiles_are_numpys(tmp_path: Path) -> None:
    """Boundaries of buckets at ranks of the data, limits and deciles between them."""
    found = learned({"kind": "bucketize", "num_buckets": 4}, tmp_path)
    assert found == {"boundaries": np.sort(VALUES)[[250, 500, 750]].tolist()}
    low, high = np.quantile(VALUES.astype(np.float64), [0.01, 0.99])
    assert learned("winsorize", tmp_path) == pytest.approx({"least": low, "greatest": high})
    found = learned({"kind": "quantile_normal", "missing": "reject"}, tmp_path)
    assert found["deciles"] == pytest.approx(np.quantile(VALUES.astype(np.float64), np.linspace(0, 1, 11)))


def test_an_exponent_is_scikit_learns(tmp_path: Path) -> None:
    """It has the mean and the deviation of the results beside it where these are standardized."""
    expected = PowerTransformer(standardize=False).fit(VALUES[:, None].astype(float)).lambdas_[0]
    found = learned({"kind": "yeo_johnson", "missing": "reject"}, tmp_path)
    assert found["exponent"] == pytest.approx(expected, abs=1e-4)
    assert {"mean", "standard deviation"} < set(found)
    assert list(learned({"kind": "yeo_johnson", "standardize": False, "missing": 0}, tmp_path)) == ["exponent"]


def test_other_kinds_learn_none(tmp_path: Path) -> None:
    """But what replaces missing values."""
    assert learned("numeric", tmp_path) == {}
    found = learned({"kind": "log1p", "missing": "median"}, tmp_path)
    assert found == pytest.approx({"replacement of missing": float(np.quantile(np.log1p(VALUES), 0.5))}, rel=1e-6)
