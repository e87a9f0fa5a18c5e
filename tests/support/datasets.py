"""The shared data sets as tests use them: where they are, what could be learned from them, and their rows as others read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

from shardmill.pipelines import run
from shardmill.pipelines.config.load import load_config
from shardmill.pipelines.config.table import read_toml
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.init.init import init
from shardmill.schemas.schema import Column, ColumnType
from shardmill.schemas.schema_pbtxt import load_schema
from tests.support.runs import flights_csv, read_split

FILES = {
    "housing": "california_housing/housing.csv",
    "census": "census_income/adult.*.gz",
    "taxi": "chicago_taxi/data.csv.gz",
    "criteo": "criteo_sample/criteo_sample.txt",
    "avazu": "criteo_sample/avazu_sample.txt",
    "movielens": "criteo_sample/movielens_sample.txt",
}
# Sets that are one kind of column over and over.
PLAIN_FILES = {
    "sunspots": "sunspots/Sunspots.csv",
    "temperatures": "sunspots/daily-min-temperatures.csv",
    "reviews": "imdb/imdb_10k.csv.gz",
    "digits": "mnist/mnist_5k.csv.gz",
}
PLAIN_LABELS = {
    "sunspots": "Monthly Mean Total Sunspot Number",
    "temperatures": "Temp",
    "reviews": "sentiment",
    "digits": "column_785",
}
# Where a set needs more than its starter configuration and a label.
CHANGES = {"reviews": ['features.review={ kind = "hash", num_buckets = 1000 }']}
# What one would predict: by set, the label's column.
LABELS = {
    "housing": "median_house_value",
    "census": "column_15",
    "taxi": "tips",
    "criteo": "label",
    "avazu": "click",
    "movielens": "rating",
    "flights": "arr_delay",
}


@dataclass(frozen=True)
class LabelledRun:
    """A run on a shared set with the starter configuration and a label, all rows in one shard in the input's order.

    Attributes:
        folder: The run's folder.
        label: The label's feature and column.
        columns: The raw columns that serving asks for.
        cells: The text of the rows that have a label, None where it is missing, by column.
        stored: What the shard holds, by feature.
    """

    folder: Path
    label: str
    columns: tuple[Column, ...]
    cells: pd.DataFrame
    stored: Mapping[str, np.ndarray]


def run_with_label(name: str, shared_data: Path, folder: Path) -> LabelledRun:
    """Runs `init` and `run` on a set."""
    config, label = folder / "pipeline.toml", (LABELS | PLAIN_LABELS)[name]
    files = _files(name, shared_data, folder)
    init([str(files)], str(config), Progress(quiet=True))
    changes = [f'features."{label}"=label', *CHANGES.get(name, ())]
    changes += ["output.shuffle=false", "output.shards=1", "input.max_bad_fraction=0.1"]
    checked = load_config(str(config), changes, str(folder / "run"))
    run.run(checked, overwrite=False, engine=Engine(workers=2), progress=Progress(quiet=True))
    settings = read_toml(str(config))
    cells = read_cells(settings["input"])
    used = {column for feature, kind in checked.features.items() for column in _columns(feature, kind)} - {label}
    return LabelledRun(
        folder / "run",
        label,
        tuple(column for column in load_schema(str(folder / "run/metadata/schema.pbtxt")) if column.name in used),
        cells[cells[label].notna()].reset_index(drop=True),
        read_split(folder / "run"),
    )


def _files(name: str, shared_data: Path, folder: Path) -> Path:
    if name == "flights":
        return _some_flights(folder)
    path = shared_data / (FILES | PLAIN_FILES)[name]
    if name == "sunspots":
        # As pandas wrote it, with a nameless index.
        copy = folder / "sunspots.csv"
        copy.write_text("index" + path.read_text())
        return copy
    return path


def _some_flights(folder: Path) -> Path:
    """Every eighth flight of the year: as varied as all of them, in less time."""
    with flights_csv(folder).open(encoding="utf-8") as lines, (folder / "some.csv").open("w", encoding="utf-8") as some:
        some.writelines(line for index, line in enumerate(lines) if index % 8 == 0)
    return folder / "some.csv"


def _columns(feature: str, kind: str | Mapping[str, Any]) -> Sequence[str]:
    if isinstance(kind, str):
        return [feature]
    columns: Sequence[str] = kind.get("columns", [kind.get("column", feature)])
    return columns


def read_cells(settings: Mapping[str, Any]) -> pd.DataFrame:
    """The CSV's text as pandas reads it by an `[input]` section; None where a cell is missing."""
    pattern = Path(settings["files"][0])
    frames = [
        pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            na_values=settings.get("null_values", [""]),
            header=0 if settings.get("header", True) else None,
            names=settings.get("columns"),
            sep=settings.get("delimiter", ","),
            comment=settings.get("comment"),
            skipinitialspace=bool(settings.get("trim")),
        )
        for path in sorted(pattern.parent.glob(pattern.name))
    ]
    return pd.concat(frames, ignore_index=True).astype(object).where(lambda frame: frame.notna(), None)


def as_columns(cells: pd.DataFrame, columns: Sequence[Column]) -> dict[str, np.ndarray]:
    """Rows as `serving_default` takes them: float32, int64 or bytes, with what stands for missing."""
    return {column.name: _values(cells[column.name], column.type) for column in columns}


def _values(cells: pd.Series, kind: ColumnType) -> np.ndarray:
    if kind is ColumnType.FLOAT:
        values: np.ndarray = tf.strings.to_number(cells.fillna("nan").tolist(), tf.float32).numpy()
        return values
    if kind is ColumnType.INT:
        return np.array([-(2**63) if cell is None else int(Decimal(cell)) for cell in cells], np.int64)
    return np.array([b"" if cell is None else cell.encode() for cell in cells], object)


def as_examples(cells: pd.DataFrame, columns: Sequence[Column]) -> np.ndarray:
    """Rows as serialized `tf.train.Example`s; a missing cell's feature is left out."""
    values = as_columns(cells, columns)
    present = {column.name: cells[column.name].notna().to_numpy() for column in columns}
    return np.array([_example(row, columns, values, present) for row in range(len(cells))], object)


def _example(
    row: int, columns: Sequence[Column], values: Mapping[str, np.ndarray], present: Mapping[str, np.ndarray]
) -> bytes:
    example = tf.train.Example()
    lists = {ColumnType.FLOAT: "float_list", ColumnType.INT: "int64_list", ColumnType.BYTES: "bytes_list"}
    for column in columns:
        if present[column.name][row]:
            getattr(example.features.feature[column.name], lists[column.type]).value.append(values[column.name][row])
    serialized: bytes = example.SerializeToString()
    return serialized
