"""A small run with raw columns of every type, missing cells, odd names, and outputs of every type and shape."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import tensorflow as tf

from shardmill.schemas.schema import Column
from shardmill.schemas.schema_pbtxt import load_schema
from tests.support.datasets import as_columns, read_cells
from tests.support.runs import run_toml

ROWS = 240
LABELS = ("price", "grade")
CONFIG = """
[input]
files = ["rows.csv"]

[features]
weight = { kind = "z_score", indicator = true }
"größe cm" = { kind = "min_max", missing = "median" }
weight_bucket = { kind = "bucketize", column = "weight", num_buckets = 4 }
count = { kind = "numeric", missing = -1 }
hour = { kind = "buckets", boundaries = [6, 12, 18] }
city = { kind = "vocabulary", num_oov_buckets = 1 }
city_hot = { kind = "one_hot", column = "city", shared = "city" }
places = { kind = "vocabulary", columns = ["city", "town"], num_oov_buckets = 2 }
trip = { kind = "cross", columns = ["city", "town"], num_buckets = 50 }
price = { kind = "label" }
grade = { kind = "label" }

[output]
shards = 1
shuffle = false
"""


@dataclass(frozen=True)
class SmallRun:
    """The run.

    Attributes:
        folder: The run's folder.
        columns: The raw columns that serving asks for.
        cells: The rows' text by column, None where it is missing.
        raw: The rows as `serving_default` takes them.
    """

    folder: Path
    columns: tuple[Column, ...]
    cells: pd.DataFrame
    raw: dict[str, np.ndarray]

    @property
    def model(self) -> str:
        """The SavedModel's folder."""
        return str(self.folder / "transform_fn")

    def answers(self) -> dict[str, np.ndarray]:
        """What Python gives for the rows."""
        inputs = {name: tf.constant(values) for name, values in self.raw.items()}
        return {name: tensor.numpy() for name, tensor in tf.saved_model.load(self.model).serve(inputs).items()}


def small_run(folder: Path) -> SmallRun:
    """Runs the main job on made rows."""
    _rows().to_csv(folder / "rows.csv", index=False)
    run = run_toml(folder, CONFIG)
    cells = read_cells({"files": [str(folder / "rows.csv")]})
    columns = tuple(
        column for column in load_schema(str(run / "metadata" / "schema.pbtxt")) if column.name not in LABELS
    )
    return SmallRun(run, columns, cells, as_columns(cells, columns))


def _rows() -> pd.DataFrame:
    random = np.random.default_rng(4)
    rows = pd.DataFrame(
        {
            "weight": random.normal(70, 9, ROWS).round(3),
            "größe cm": random.uniform(150, 200, ROWS).round(1),
            "count": pd.array(random.integers(-(2**62), 2**62, ROWS), "Int64"),
            "hour": random.integers(0, 24, ROWS),
            "city": random.choice(["Zürich", "New York", "東京", "Oslo"], ROWS),
            "town": random.choice(["Oslo", "Bern", "Kyōto"], ROWS),
            "price": random.uniform(1, 9, ROWS).round(2),
            "grade": random.choice(["good", "größer"], ROWS),
        }
    )
    for place, name in enumerate(("weight", "größe cm", "count", "city", "town")):
        rows.loc[rows.index % 11 == place, name] = None
    return rows
