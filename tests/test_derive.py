"""Derived columns: a function of the user's makes columns, which features and labels then refer to as to raw ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from schemas.errors import ConfigError, ShardmillError
from tests.clusters.compare import differences
from tests.datasets import as_columns
from tests.runs import flights_csv, read_rejected, read_split, run_toml
from tests.served import differing, served

pytestmark = pytest.mark.usefixtures("shared_tracer")

FUNCTIONS = Path(__file__).resolve().parent / "functions" / "derived.py"
COLUMNS = ("dep_delay", "arr_delay", "carrier", "origin", "dest", "air_time", "distance")
ROWS = 4000
FEATURES = """
[features]
speed = "z_score"
raw_speed = { kind = "numeric", column = "speed" }
log_distance = "numeric"
speed_bucket = { kind = "bucketize", column = "speed", num_buckets = 4 }
gained = { kind = "z_score", missing = 0 }
route = { kind = "vocabulary", num_oov_buckets = 1 }
airline = { kind = "vocabulary", default_value = 9 }
carrier = { kind = "vocabulary" }
is_late = "label"
"""


def _toml(name: str = "derive", features: str = FEATURES) -> str:
    return (
        f'derive = "{FUNCTIONS}:{name}"\n[input]\nfiles = ["flights.csv"]\nnull_values = ["", "NA"]\nextra_columns = "ignore"\n'
        f"max_bad_fraction = 1\n{features}[output]\nshuffle = false\nshards = 1\n"
    )


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some thousand flights, `flights.csv`, of the columns that are used."""
    folder = tmp_path_factory.mktemp("flights")
    frame = pd.read_csv(flights_csv(folder), dtype=str, keep_default_na=False)
    frame.iloc[:: len(frame) // ROWS][list(COLUMNS)].to_csv(folder / "flights.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def run_dir(flights: Path) -> Path:
    """A run with derived columns."""
    return run_toml(flights, _toml())


@pytest.fixture(scope="module")
def cells(flights: Path) -> pd.DataFrame:
    """The rows whose label isn't missing, as text; None where missing."""
    frame = pd.read_csv(flights / "flights.csv", dtype=str, keep_default_na=False, na_values=["", "NA"]).astype(object)
    return frame[frame["arr_delay"].notna()].reset_index(drop=True).where(lambda each: each.notna(), None)


def test_features_are_made_of_derived_columns(run_dir: Path, cells: pd.DataFrame) -> None:
    """Statistics and vocabularies are those of the derived values, by NumPy and pandas."""
    found = read_split(run_dir)
    speed = cells["distance"].astype(np.float32).to_numpy() / cells["air_time"].astype(np.float32).to_numpy()
    np.testing.assert_array_equal(found["raw_speed"], speed)
    wide = speed.astype(np.float64)
    np.testing.assert_allclose(found["speed"], (wide - wide.mean()) / wide.std(), rtol=1e-4, atol=1e-5)
    gained = cells["dep_delay"].astype(int) - cells["arr_delay"].astype(int)
    np.testing.assert_allclose(found["gained"], (gained - gained.mean()) / gained.std(ddof=0), rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(found["is_late"], (cells["arr_delay"].astype(int) > 15).astype(int))
    assert np.bincount(found["speed_bucket"]).min() > len(cells) / 4 - 100


def test_vocabularies_are_those_of_derived_texts(run_dir: Path, cells: pd.DataFrame) -> None:
    """By falling count, then from the last letter on; an empty derived text is missing, and no token."""
    route = (cells["origin"] + "-" + cells["dest"]).value_counts()
    wanted = [token for token, _ in sorted(route.items(), key=lambda each: (each[1], each[0]), reverse=True)]
    assert (run_dir / "transform_fn/assets/route").read_text(encoding="utf-8").splitlines() == wanted
    assert set((run_dir / "transform_fn/assets/airline").read_text().split()) == {"United", "American"}
    airline = read_split(run_dir)["airline"]
    assert ((airline == 9) == ~cells["carrier"].isin(["UA", "AA"])).all()


def test_rows_without_a_derived_label_are_rejected(run_dir: Path, cells: pd.DataFrame) -> None:
    """A missing cell in a column that a label is derived from rejects the row."""
    rejected = read_rejected(run_dir)
    assert len(rejected) > 50
    assert {row["column"] for row in rejected} == {"arr_delay"}
    assert len(read_split(run_dir)["is_late"]) == len(cells)


@pytest.mark.parametrize("size", [1, 7, 500])
def test_raw_rows_give_what_the_shard_holds(run_dir: Path, cells: pd.DataFrame, size: int) -> None:
    """Serving takes the raw columns, derives by itself, and gives the stored bits."""
    rows = size * 60 if size < 100 else len(cells)
    answer = served(run_dir, _typed(run_dir, cells.head(rows)), size)
    wanted = {name: (values[:rows], None) for name, values in read_split(run_dir).items() if name != "is_late"}
    assert answer.keys() == wanted.keys()
    assert differing(answer, wanted) == []


def _typed(run_dir: Path, cells: pd.DataFrame) -> dict[str, Any]:
    from schemas.proto import load_schema

    return as_columns(cells, load_schema(str(run_dir / "metadata" / "schema.pbtxt")).columns)


def test_serving_needs_no_column_of_the_label_alone(flights: Path) -> None:
    """Where only the label is derived from a column, `serving_default` doesn't ask for it; nor for derived columns."""
    import tensorflow as tf

    run_dir = run_toml(flights, _toml(features='\n[features]\nspeed = "z_score"\nis_late = "label"\n'), name="label")
    serve = tf.saved_model.load(str(run_dir / "transform_fn")).signatures["serving_default"]
    assert set(serve.structured_input_signature[1]) == {"distance", "air_time"}
    assert set(serve.structured_outputs) == {"speed"}


def test_a_run_can_be_made_again_to_the_byte(flights: Path, run_dir: Path) -> None:
    """A second run writes the same bytes, those of the SavedModel too, with another number of workers."""
    again = run_toml(flights, _toml(), name="again", workers=1)
    assert differences(run_dir, again) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("raw_name", "it returns 'distance', which is a raw column; give it another name"),
        ("wrong_rank", r"expected 'x' to be a tensor of float32, int64 or string and of shape \[batch\], received"),
        ("wrong_type", r"expected 'x' to be a tensor of float32, int64 or string"),
        ("sparse", r"expected 'x' to be a tensor .* received SparseTensor"),
        (
            "raises",
            r"derived.py, line \d+, in raises: .*\nKeyError: 'distanse'; did you mean 'distance'\?\nit was given: 'dep_delay'",
        ),
        ("nothing", "derived.py has no function 'nothing'"),
    ],
)
def test_what_a_derive_function_returns_is_checked(flights: Path, name: str, message: str) -> None:
    """Its faults are said before any row is transformed, in one message."""
    with pytest.raises(ConfigError, match=message):
        run_toml(flights, _toml(name), name=name)


def test_a_failure_on_the_data_is_said_in_one_message(flights: Path) -> None:
    """TensorFlow's words, and that it was the derive function."""
    features = '\n[features]\nspeed = "z_score"\n'
    with pytest.raises(
        ShardmillError, match="the derive function: the transform graph failed: TensorFlow says: StringToNumber"
    ):
        run_toml(flights, _toml("bad_data", features), name="bad_data")
