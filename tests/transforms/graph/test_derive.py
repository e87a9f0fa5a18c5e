"""Derived columns: a function of the user's makes columns, which features and labels then refer to as to raw ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from shardmill.pipelines.apply import Application, apply
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.verify.verify import verify
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.tfrecord.decode import decode_example
from tests.clusters.compare import differences
from tests.support.datasets import as_columns
from tests.support.locations import ROOT
from tests.support.runs import flights_csv, read_rejected, read_split, run_toml
from tests.support.serving.served import differing, served

pytestmark = pytest.mark.usefixtures("shared_tracer")

FUNCTIONS = ROOT / "tests" / "support" / "functions" / "derived.py"
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
    from shardmill.schemas.schema_pbtxt import load_schema

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
        ("raw_name", "expected new names for derived columns, received 'distance', which is a raw column"),
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


def test_rows_that_derive_fails_for_are_rejected(flights: Path) -> None:
    """Each with its file, its line and what TensorFlow says; all of them: the run stops and shows the first."""
    features = '\n[features]\nspeed = "z_score"\n'
    said = r"the input has no good rows \(1\d\d rows were rejected\): .*few.csv'. The first:\n"
    row = r"  .*few.csv, line 2: expected a row that derive can take, found StringToNumberOp could not .* string: [A-Z]{3}:"
    frame = pd.read_csv(flights / "flights.csv", dtype=str, keep_default_na=False)
    frame.head(150).to_csv(flights / "few.csv", index=False)
    with pytest.raises(DataError, match=said + row):
        run_toml(flights, _toml("bad_data", features).replace("flights.csv", "few.csv"), name="bad_data")


def test_a_function_that_fails_for_every_row_is_to_blame(flights: Path) -> None:
    """No block is searched to its end where nothing in it can be taken."""
    features = '\n[features]\nspeed = "z_score"\n'
    with pytest.raises(
        DataError, match=r"flights.csv', line 2: derive fails for each of the 1,000 rows from here on, so fix"
    ):
        run_toml(flights, _toml("bad_data", features), name="hopeless")


MADE = """
import tensorflow as tf


def derive(inputs):
    some = tf.where(inputs["a"] > 1, tf.cast(inputs["a"], tf.float32), float("nan"))
    return {"y": some, "n": tf.where(inputs["a"] == 5, tf.int64.min, inputs["a"]), "z": tf.strings.to_number(inputs["t"])}
"""
ROWS_CSV = "a,b,t\n1,5,1.5\n2,6,2.5\n3,7,x\n4,8,4.5\n5,9,5.5\n"
MADE_TOML = """
derive = "made.py:derive"
[input]
files = { train = "train.csv", eval = "eval.csv" }
max_bad_fraction = 1
[features]
y = "label"
n = "numeric"
z = "z_score"
[output]
shards = 1
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of rows whose derived columns miss values, or can't be made, in both splits."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "made.py").write_text(MADE)
    (folder / "train.csv").write_text(ROWS_CSV)
    (folder / "eval.csv").write_text(ROWS_CSV)
    return run_toml(folder, MADE_TOML)


def test_rows_whose_derived_values_are_missing_are_rejected(made: Path) -> None:
    """As those with raw ones: a label, an integer that no rule fills, and what the function fails for; in every split."""
    missing = "missing value in a derived column that must have one"
    failed = "expected a row that derive can take, found StringToNumberOp could not correctly convert string: x"
    expected = [(2, "y", missing), (4, None, failed), (6, "n", missing)]
    rejected = [(row["file"], row["line"], row["column"], row["reason"]) for row in read_rejected(made)]
    assert sorted(rejected, key=lambda row: row[:2]) == [
        (str(made.parent / f"{split}.csv"), *fault) for split in ("eval", "train") for fault in expected
    ]
    for split in ("train", "eval"):
        found = read_split(made, split)
        np.testing.assert_array_equal(found["y"], [2, 4])
        np.testing.assert_array_equal(found["n"], [2, 4])
        np.testing.assert_allclose(found["z"], [-1, 1], rtol=1e-6)  # rejected rows are in no statistic


def test_a_run_with_rejected_derived_rows_verifies(made: Path) -> None:
    """Every check counts and makes the same rows."""
    checks = verify(str(made), None, 1, Progress(quiet=True))
    assert [problem for check in checks for problem in check.problems] == []
    assert "10 rows, 6 rejected" in checks[2].facts


def test_new_data_may_lack_a_derived_label(made: Path) -> None:
    """Where the label has no value it is left empty; what the features need still rejects the row, and that verifies too."""
    import tensorflow as tf

    output = made.parent / "applied"
    application = Application(str(made), (str(made.parent / "eval.csv"),), "new")
    result = apply(application, str(output), overwrite=False, engine=Engine(), progress=Progress(quiet=True))
    assert result.manifest["rows"] == {"read": 5, "written": 3, "rejected": 2}
    records = tf.data.TFRecordDataset([str(path) for path in output.glob("new-*")], "GZIP").as_numpy_iterator()
    assert [decode_example(record).get("y") for record in records] == [[], [2.0], [4.0]]
    checks = verify(str(output), None, 1, Progress(quiet=True))
    assert [problem for check in checks for problem in check.problems] == []


def test_a_row_that_derive_fails_for_can_stop_the_run(made: Path) -> None:
    """With on_bad_row = "fail" the message has the file and the line."""
    toml = MADE_TOML.replace("max_bad_fraction = 1", 'on_bad_row = "fail"').replace('y = "label"\n', "")
    toml = toml.replace('n = "numeric"\n', "")
    with pytest.raises(
        DataError, match=r"\w+.csv, line 4: expected a row that derive can take, found .* string: x: '3,7,x'"
    ):
        run_toml(made.parent, toml, name="fail")
