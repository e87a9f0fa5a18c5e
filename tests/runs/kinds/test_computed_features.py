"""A run whose analysis computes numbers of columns, to fill missing ones."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.runs import files_of, read_split, run_toml
from tests.support.verified import problems

pytestmark = pytest.mark.usefixtures("shared_tracer")

FILES = 3
ROWS = 150
TOML = """
derive = "mine.py:derive"
[input]
files = "day-*.csv"
[rows]
where = "fare < 90"
[split]
train = 0.7
eval = 0.3
[features]
share = { kind = "arithmetic", expression = "tip / fare", missing = "mean", indicator = true }
share_median = { kind = "arithmetic", expression = "tip / fare", missing = "median" }
plain = { kind = "arithmetic", expression = "tip / fare" }
twice_share = { kind = "arithmetic", expression = "twice / (fare + 3)", missing = "mode" }
km = { kind = "geo_distance", columns = ["lat", "lon", "to_lat", "to_lon"], missing = "median" }
hours = { kind = "elapsed", columns = ["pickup", "dropoff"], format = "%Y-%m-%d %H:%M", unit = "hours", missing = "mean" }
row = "numeric"
[output]
shards = 2
"""
DERIVE = """
def derive(inputs):
    return {"twice": inputs["tip"] * 2}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of one worker, and one of two."""
    folder = tmp_path_factory.mktemp("computed")
    (folder / "mine.py").write_text(DERIVE)
    random = np.random.default_rng(5)
    for day in range(FILES):
        lines = ["row,tip,fare,lat,lon,to_lat,to_lon,pickup,dropoff"]
        for row in range(ROWS):
            places = [f"{each:.4f}" for each in random.uniform(-91, 91, 4)]
            moments = np.datetime64(f"2024-0{day + 1}-01T00:00") + random.integers(0, 30000, 2)
            times = [str(each).replace("T", " ") for each in moments]
            cells = [str(random.integers(0, 50) / 10), str(random.integers(0, 100)), *places, *times]
            cells = ["" if random.random() < 0.1 else cell for cell in cells]
            lines.append(",".join([str(day * ROWS + row), *cells]))
        (folder / f"day-{day}.csv").write_text("\n".join([*lines, ""]))
    for workers in (1, 2):
        run_toml(folder, TOML, name=f"run-{workers}", workers=workers)
    return folder


def test_missing_results_are_filled_by_the_train_splits(folder: Path) -> None:
    """The mean, the median and the mode of the results that rows of `train` have; other splits have the same."""
    train, held = read_split(folder / "run-1"), read_split(folder / "run-1", "eval")
    present = train["plain"][~np.isnan(train["plain"])].astype(np.float64)
    for rows in (train, held):
        missing = np.isnan(rows["plain"])
        assert missing.any()
        assert rows["share_missing"].tolist() == missing.astype(int).tolist()
        assert set(rows["share"][missing]) == {np.float32(present.mean())}
        assert set(rows["share_median"][missing]) == {np.float32(np.median(present))}
        assert rows["share"][~missing].tobytes() == rows["plain"][~missing].tobytes()
    for name in ("twice_share", "km", "hours"):
        assert np.isfinite(np.concatenate([train[name], held[name]])).all()


def test_a_served_row_has_the_same_bits(folder: Path) -> None:
    """Rows that are stored are recomputed through the serving signature, those with missing results among them."""
    assert problems(folder / "run-1") == {}


def test_the_number_of_workers_changes_no_byte(folder: Path) -> None:
    """Statistics of computed numbers are exact, however rows are spread."""
    assert files_of(folder / "run-1") == files_of(folder / "run-2")
