"""Kinds that compute with columns: how missing results are filled."""

import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

COLUMNS = ["lat", "lon", "lat2", "lon2"]
S = schema_of(a="float", b="float", n="int", start="bytes", end="bytes", **dict.fromkeys(COLUMNS, "float"))
RATIO = {"kind": "arithmetic", "expression": "a / b"}
KINDS = {
    "ratio": RATIO,
    "far": {"kind": "geo_distance", "columns": COLUMNS},
    "age": {"kind": "elapsed", "columns": ["start", "end"], "unit": "hours", "format": "%Y-%m-%d"},
}


def _rows(count: int) -> dict[str, list[object]]:
    """Rows in which some cells are missing, some divisors 0, some latitudes beyond a pole, some dates none."""
    random = np.random.default_rng(count)
    numbers = {name: random.integers(-90, 91, count).astype(object) for name in ("a", "n", *COLUMNS)}
    numbers["b"] = random.integers(-2, 3, count).astype(object)
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 9, (2, count)).ravel(), "D")
    texts = np.array(days.strftime("%Y-%m-%d"), object).reshape(2, count)
    columns = {**numbers, "start": texts[0], "end": texts[1]}
    for values in columns.values():
        values[random.random(count) < 0.2] = None
    columns["lat"][:3] = 91
    columns["start"][3:5] = "2024-02-30"
    return {name: values.tolist() for name, values in columns.items()}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Each kind without a rule, and with each of the rules and an indicator."""
    rules = {
        f"{name}_{rule}": {**table, "missing": rule, "indicator": True}
        for name, table in KINDS.items()
        for rule in ("mean", "median", "mode")
    }
    return run({**KINDS, **rules}, S, _rows(60), tmp_path_factory.mktemp("computed"))


@pytest.mark.parametrize("name", KINDS)
def test_statistics_of_results_fill_missing_ones(found: dict[str, np.ndarray], name: str) -> None:
    """They are NumPy's mean and median of the float32 results, and the least of the most frequent ones."""
    results = found[name]
    missing = np.isnan(results)
    assert 0 < missing.sum() < len(results)
    present = results[~missing].astype(np.float64)
    expected = {
        "mean": present.mean(),
        "median": np.median(present),
        "mode": min(statistics.multimode(present.tolist())),
    }
    for rule, value in expected.items():
        filled = found[f"{name}_{rule}"]
        assert filled[~missing].tobytes() == results[~missing].tobytes()
        np.testing.assert_allclose(filled[missing], np.float32(value), rtol=1e-7)
        assert found[f"{name}_{rule}_missing"].tolist() == missing.astype(int).tolist()


@pytest.mark.parametrize(
    ("columns", "table", "expected"),
    [
        # 0 divisors: their quotients are missing, or a number of which the mean is, too.
        ({"a": [4, 6, 1], "b": [2, 3, 0]}, RATIO, [2, 2, 2]),
        ({"a": [4, 8, 1, None], "b": [2, 2, 0, 1]}, {**RATIO, "zero_divisor": 9}, [2, 4, 9, 5]),
        # An infinite result stays, and the mean leaves it out.
        ({"a": [1e38, 1, None], "b": [1e-10, 1, 1]}, RATIO, [np.inf, 1, 1]),
        # One row.
        ({"a": [1], "b": [3]}, RATIO, [np.float32(1 / 3)]),
        # A constant is itself, not the mean's rounding.
        ({"a": [1] * 9 + [None], "b": [3] * 10}, RATIO, [np.float32(1 / 3)] * 10),
        # Integers of which the difference is small.
        ({"n": [2**60 + 1, 2**60 + 3, None]}, {"kind": "arithmetic", "expression": "n - 1152921504606846976"}, None),
    ],
)
def test_edge_cases(
    tmp_path: Path, columns: dict[str, list[float | None]], table: dict[str, object], expected: list[float] | None
) -> None:
    """Zero divisors, infinite results, one row, a constant, and integers beyond float64."""
    count = len(next(iter(columns.values())))
    rows = {name: columns.get(name, [None] * count) for name in S.names}
    both = run({"plain": table, "filled": {**table, "missing": "mean"}}, S, rows, tmp_path)
    if expected is None:
        present = both["plain"][~np.isnan(both["plain"])]
        expected = [*present, present.mean()]
    assert both["filled"].tolist() == [float(each) for each in expected]


def test_nothing_to_fill_with(tmp_path: Path) -> None:
    """A result that no row has stops the run, and the message says what to do."""
    rows = {name: [None, None] for name in S.names}
    wanted = (
        r"feature 'x': what it computes has no finite value in the 2 rows of the train split \(2 missing, 0 infinite\), so "
        '`missing = "mode"` has nothing to learn; give `missing` a number, or remove the feature'
    )
    with pytest.raises(DataError, match=wanted):
        run({"x": {**RATIO, "missing": "mode"}}, S, rows, tmp_path)


def test_equal_results_are_computed_once() -> None:
    """The request doesn't depend on the feature's name or rule, only on whether it needs quantiles."""
    table = {
        "x": {**RATIO, "missing": "median"},
        "y": {**RATIO, "missing": "mode", "indicator": True},
        "z": {**RATIO, "missing": 1},
        "w": {**RATIO, "missing": "median", "zero_divisor": 1},
    }
    x, y, z, w = (kind.requests(S) for kind in parse_features(table, S))
    assert x == y
    assert hash(x) == hash(y)
    assert x != w
    assert z == ()


@pytest.mark.parametrize("name", KINDS)
def test_other_rules_are_refused(name: str) -> None:
    """The message lists the rules."""
    wanted = r'expected `missing` to be a number or one of "mean", "median", "mode", "reject", received \'own_id\''
    with pytest.raises(ConfigError, match=wanted):
        parse_features({"x": {**KINDS[name], "missing": "own_id"}}, S)
