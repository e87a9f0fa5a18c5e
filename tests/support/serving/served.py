"""What a run has stored and what its signatures answer, in one form: each column of the Examples as its values and its rows' lengths."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

# Values of all rows, one after the other; for a column of varying length the rows' lengths.
Column = tuple[np.ndarray, np.ndarray | None]


def stored(run_dir: Path, split: str = "train") -> dict[str, Column]:
    """All rows of a split, shard by shard."""
    outputs = _signature(run_dir, "transform")["outputs"]
    paths = sorted(str(path) for path in run_dir.glob(f"{split}-*.tfrecord*"))
    records = list(tf.data.TFRecordDataset(paths, "GZIP").as_numpy_iterator())
    dtypes = {"float32": tf.float32, "int64": tf.int64, "bytes": tf.string}
    spec = {
        name: tf.io.RaggedFeature(dtypes[dtype], row_splits_dtype=tf.int64)
        if shape is None
        else tf.io.FixedLenFeature(shape, dtypes[dtype])
        for name, (_, dtype, shape, _) in outputs.items()
    }
    return {name: _column(value) for name, value in tf.io.parse_example(records, spec).items()}


def _column(value: Any) -> Column:
    if isinstance(value, tf.RaggedTensor):
        return value.values.numpy(), value.row_lengths().numpy()
    return value.numpy(), None


def served(run_dir: Path, columns: Mapping[str, np.ndarray], size: int) -> dict[str, Column]:
    """What `serving_default` answers, asked for so many rows at a time."""
    model = tf.saved_model.load(str(run_dir / "transform_fn"))
    serve = model.signatures["serving_default"]
    inputs = _signature(run_dir, "serving_default")["inputs"]
    answers = [
        serve(**{name: tf.constant(columns[name][start:stop]) for name in inputs})
        for start, stop in _pieces(len(next(iter(columns.values()))), size)
    ]
    return {
        name: (_joined(answers, name), _joined(answers, f"{name}$row_lengths") if shape is None else None)
        for name, (_, _, shape, _) in _signature(run_dir, "serving_default")["outputs"].items()
    }


def _pieces(rows: int, size: int) -> Iterator[tuple[int, int]]:
    for start in range(0, rows, size):
        yield start, min(start + size, rows)


def _joined(answers: list[Mapping[str, Any]], key: str) -> np.ndarray:
    return np.concatenate([answer[key].numpy() for answer in answers])


def _signature(run_dir: Path, name: str) -> Any:
    names = json.loads((run_dir / "transform_fn/assets.extra/shardmill.json").read_text())
    return names["signatures"][name]


def differing(ours: Mapping[str, Column], theirs: Mapping[str, Column]) -> list[str]:
    """The columns of the first whose bits differ in the second."""
    return [
        name
        for name, (values, lengths) in ours.items()
        if not _same(values, theirs[name][0]) or not _same(lengths, theirs[name][1])
    ]


def _same(ours: np.ndarray | None, theirs: np.ndarray | None) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        return False
    return bool((ours == theirs).all()) if ours.dtype == object else ours.tobytes() == theirs.tobytes()
