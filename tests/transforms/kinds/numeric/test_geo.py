"""The distance between two places."""

import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics.pairwise import haversine_distances

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

COLUMNS = ["lat", "lon", "lat2", "lon2"]
S = schema_of(**dict.fromkeys(COLUMNS, "float"))
TABLE = {"d": {"kind": "geo_distance", "columns": COLUMNS}}
PLACES = {
    "Paris": (48.8566, 2.3522),
    "Tokyo": (35.6762, 139.6503),
    "Suva": (-18.1416, 178.4419),
    "Apia": (-13.85, -171.75),
}


def _rows(pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> dict[str, list[float]]:
    return dict(zip(COLUMNS, (list(each) for each in zip(*((*a, *b) for a, b in pairs), strict=True)), strict=True))


def test_distances_are_scikit_learns(tmp_path: Path) -> None:
    """Far and near, over the date line, from pole to pole, to the same place and to its antipode."""
    random = np.random.default_rng(0)
    some = [tuple(random.uniform([-90, -180, -90, -180], [90, 180, 90, 180]).tolist()) for _ in range(50)]
    pairs = [
        *(((a, b), (c, d)) for a, b, c, d in some),
        (PLACES["Paris"], PLACES["Tokyo"]),
        (PLACES["Suva"], PLACES["Apia"]),
        (PLACES["Paris"], PLACES["Paris"]),
        ((90.0, 0.0), (-90.0, 77.0)),
        ((10.0, 20.0), (-10.0, -160.0)),
        ((52.5, 13.25), (52.5, 13.250001)),
    ]
    out = run(TABLE, S, _rows(pairs), tmp_path)["d"]
    radians = np.radians(np.array(pairs, np.float32).astype(float))
    expected = [haversine_distances(pair)[0, 1] * 6371.0088 for pair in radians]
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-9)
    # Seven meters of a great-circle calculator's kilometers.
    np.testing.assert_allclose(out[50], 9712.07, atol=1)


def test_missing_places(tmp_path: Path) -> None:
    """A missing coordinate or a latitude beyond the poles gives NaN, or the number given; longitudes go round."""
    rows = {"lat": [0.0, None, 91, 0], "lon": [1.0, 0, 0, 361], "lat2": [0.0, 0, 0, 0], "lon2": [0.0, 0, 0, 0]}
    table = {**TABLE, "filled": {**TABLE["d"], "missing": 0}, "flagged": {**TABLE["d"], "indicator": True}}
    out = run(table, S, rows, tmp_path)
    degree = math.pi / 180 * 6371.0088
    np.testing.assert_allclose(out["d"], [degree, math.nan, math.nan, degree], rtol=1e-6)
    np.testing.assert_allclose(out["filled"], [degree, 0, 0, degree], rtol=1e-6)
    assert out["flagged_missing"].tolist() == [0, 1, 1, 0]


def test_a_row_has_the_same_bits_anywhere_in_a_batch(tmp_path: Path) -> None:
    """Sines and cosines of the last rows are computed as those of the others."""
    rows = _rows([(PLACES["Paris"], PLACES["Tokyo"])] * 21)
    assert len(set(run(TABLE, S, rows, tmp_path)["d"].tolist())) == 1


def test_it_takes_four_columns() -> None:
    """A latitude and a longitude of each place."""
    with pytest.raises(ConfigError, match=r"expected 4 columns for `geo_distance`, received \['lat', 'lon'\]"):
        parse_features({"d": {"kind": "geo_distance", "columns": ["lat", "lon"]}}, S)
