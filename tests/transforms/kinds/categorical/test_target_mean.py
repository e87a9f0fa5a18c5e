"""The kind of tokens replaced by a target's mean, as it is served; tests/runs/kinds/test_target_mean_runs.py has training rows."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import TargetEncoder

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", t="bytes", i="int", x="float")
ROWS = {
    "s": ["b", "a", "b", "c", None, "a", "b", "d"],
    "t": ["u"] * 8,
    "i": [1, 0, 1, 1, 0, 0, None, None],
    "x": [0.5, 2, 1, None, 8, 4, 3, np.inf],
}


def test_means_are_scikit_learns(tmp_path: Path) -> None:
    """Of a number and of 0 and 1, with fixed smoothing; a missing category is one of its own, an unknown one has the mean."""
    table = {
        "s": {"kind": "target_mean", "target": "x", "smoothing": 2},
        "rate": {"kind": "target_mean", "column": "s", "smoothing": 0.5},
        "i": {"kind": "label", "missing": 0},
    }
    unseen = {"s": ["b", "a", "c", "d", "z", None], "t": ["u"] * 6, "i": [None] * 6, "x": [None] * 6}
    out = run(table, S, ROWS, tmp_path, serve=unseen)
    for name, target, smooth in (("s", "x", 2.0), ("rate", "i", 0.5)):
        present = [at for at, value in enumerate(ROWS[target]) if value is not None and np.isfinite(value)]
        encoder = TargetEncoder(smooth=smooth, target_type="continuous")
        cells = np.array([[ROWS["s"][at] or ""] for at in present])
        encoder.fit(cells, np.array([ROWS[target][at] for at in present], np.float64))
        expected = encoder.transform(np.array([[cell or ""] for cell in unseen["s"]]))[:, 0]
        np.testing.assert_allclose(out[name], expected, rtol=1e-6)


def test_missing_categories(tmp_path: Path) -> None:
    """They may stand for a token; without a row of their own they have the mean of all."""
    table = {
        "a": {"kind": "target_mean", "column": "s", "target": "x", "smoothing": 0, "missing": "a"},
        "t": {"kind": "target_mean", "target": "x", "smoothing": 0, "indicator": True},
    }
    out = run(table, S, ROWS, tmp_path, serve={name: [None] for name in ROWS})
    assert (out["a"].tolist(), out["t"].tolist()) == ([3], [np.float32(18.5 / 6)])
    assert out["t_missing"].tolist() == [1]


def test_rare_tokens_have_the_mean_of_all(tmp_path: Path) -> None:
    """`top_k` and `frequency_threshold` bound the table; tokens are counted in rows with a target."""
    table = {
        "s": {"kind": "target_mean", "target": "x", "smoothing": 0, "top_k": 1},
        "often": {"kind": "target_mean", "column": "s", "target": "x", "smoothing": 0, "frequency_threshold": 2},
    }
    out = run(table, S, ROWS, tmp_path, serve={**{name: [None] * 3 for name in ROWS}, "s": ["b", "a", "c"]})
    mean = np.float32(18.5 / 6)
    assert out["s"].tolist() == [1.5, mean, mean]
    assert out["often"].tolist() == [1.5, 3, mean]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {},
            "expected one `label` among the features, from which it is computed, received none; say which column: `target",
        ),
        ({"target": "t"}, "expected a `target` of type FLOAT or INT, received column 't', which is BYTES"),
        ({"target": "s"}, "expected a `target` besides its column, received 's'; name another column"),
        (
            {"target": "x", "label": "i"},
            "expected the target's column as `target`, received `label = 'i'`; rename the parameter",
        ),
        ({"target": "z"}, "there is no column 'z'"),
        ({"target": "x", "smoothing": -1}, "expected `smoothing` to be at least 0, received -1"),
        ({"target": "x", "folds": 1}, "expected `folds` to be from 2 to 100, received 1"),
        (
            {"target": "x", "num_oov_buckets": 2},
            "expected a `target_mean` without `num_oov_buckets`, received 2; tokens must",
        ),
        (
            {"target": "x", "shared": "v"},
            "expected a `target_mean` without `shared`, received 'v'; tokens must be counted",
        ),
        (
            {"target": "x", "missing": "mode"},
            'expected `missing` to be a token or "reject" for `target_mean`, received',
        ),
        (
            {"target": "x", "rank_by": "mutual_information"},
            'expected `rank_by = "frequency"` for `target_mean`, received',
        ),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Each is named, with what was expected."""
    with pytest.raises(ConfigError, match=f"^\\[features\\] s: {message}"):
        parse_features({"s": {"kind": "target_mean", **table}}, S)
