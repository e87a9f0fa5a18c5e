"""From strangers' CSV to shards: `init`, then `run` on what it wrote, read back with TensorFlow and held against pandas."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.init.init import init
from shardmill.schemas.schema_pbtxt import load_schema
from shardmill.transforms.rows.splits import ShardRule
from tests.support import expected
from tests.support.datasets import FILES, read_cells
from tests.support.runs import flights_csv, read_split, run

pytestmark = pytest.mark.usefixtures("shared_tracer")


@pytest.fixture(scope="session")
def finished(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Runs `init` and `run` on a set of shared data, once; returns the folder of the configuration and of the run in it."""
    done: dict[str, Path] = {}

    def finish(name: str) -> Path:
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            files = flights_csv(folder) if name == "flights" else shared_data / FILES[name]
            init([str(files)], str(folder / "pipeline.toml"), Progress(quiet=True))
            run(folder / "pipeline.toml", folder / "run")
            done[name] = folder
        return done[name]

    return finish


@pytest.mark.parametrize("name", [*FILES, "flights"])
def test_init_then_run_gives_what_pandas_gives(finished: Callable[[str], Path], name: str) -> None:
    """Every feature of every row of a run on an unedited configuration is what pandas and NumPy compute from the CSV."""
    folder = finished(name)
    config = read_toml(str(folder / "pipeline.toml"))
    schema = load_schema(str(folder / "pipeline.schema.pbtxt"))
    columns = read_cells(config["input"])
    wanted = expected.features(config["features"], columns, {column.name: column.type.value for column in schema})
    shards = ShardRule(shards=8, seed=0).assign(0, len(columns), len(columns))
    order = np.argsort(shards, kind="stable")
    found = read_split(folder / "run")
    assert set(found) == set(wanted)
    for feature, values in wanted.items():
        if values.dtype == np.float32:
            np.testing.assert_allclose(found[feature], values[order], rtol=2e-5, atol=2e-6, err_msg=feature)
        else:
            np.testing.assert_array_equal(found[feature], values[order], err_msg=feature)


def test_tf_transforms_helper_opens_a_run(finished: Callable[[str], Path]) -> None:
    """`tft.TFTransformOutput` gives the outputs' specs and the vocabularies, and transforms raw features to what the shards hold."""
    import tensorflow as tf

    tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    folder = finished("housing")
    output = tft.TFTransformOutput(str(folder / "run"))
    stored = read_split(folder / "run")
    assert set(output.transformed_feature_spec()) == set(stored)
    assert output.vocabulary_by_name("ocean_proximity")[0] == b"<1H OCEAN"
    assert output.vocabulary_size_by_name("ocean_proximity") == 5
    columns = read_cells(read_toml(str(folder / "pipeline.toml"))["input"])
    examples = [_example(row, output.raw_feature_spec()) for row in columns.head(500).to_dict("records")]
    raw = tf.io.parse_example(examples, output.raw_feature_spec())
    transformed = output.transform_raw_features(raw)
    order = np.argsort(ShardRule(shards=8, seed=0).assign(0, len(columns), len(columns)), kind="stable")
    rows = np.argsort(order)[:500]
    for name, values in transformed.items():
        np.testing.assert_array_equal(values.numpy(), stored[name][rows], err_msg=name)


def _example(row: dict[str, str | None], spec: dict[str, Any]) -> bytes:
    import tensorflow as tf

    features = {}
    for name, cell in row.items():
        if cell is not None and spec[name].dtype == tf.string:
            features[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=[cell.encode()]))
        elif cell is not None and spec[name].dtype == tf.int64:
            features[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=[int(float(cell))]))
        elif cell is not None:
            features[name] = tf.train.Feature(float_list=tf.train.FloatList(value=[float(cell)]))
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()
