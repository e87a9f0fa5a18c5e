"""Missing labels, which new data passed to `apply` often has."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import offsets_of
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import MISSING_INT
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.tfrecord.encode import Outputs


def missing_labels(labels: Mapping[str, Sequence[str]], selection: Selection) -> dict[str, tuple[str, ...]]:
    """Labels that stay empty where a cell is missing.

    Returns the labels, each with the columns of these cells.

    Args:
        labels: The graph's labels, each with the raw columns that no other output needs.
        selection: The columns that are read. Where a column isn't required, the graph itself
            handles missing values.
    """
    free = selection.optional & selection.required
    found = {name: tuple(column for column in columns if column in free) for name, columns in labels.items()}
    return {name: columns for name, columns in found.items() if columns}


def drop_missing(outputs: Outputs, columns: pa.RecordBatch, labels: Mapping[str, Sequence[str]]) -> Outputs:
    """Removes labels' values from rows that lack the label.

    Args:
        outputs: The graph's outputs for some rows.
        columns: The rows' raw columns; null where missing.
        labels: The result of `missing_labels`.

    Returns:
        The outputs. A label that some row lacks is a large_list array, with an empty list for that
        row.
    """
    changed = dict(outputs)
    for name, names in labels.items():
        present = reduce(pc.and_, (columns.column(column).is_valid() for column in names))
        if present.false_count:
            changed[name] = _lists(outputs[name], present)
    return changed


def _lists(values: npt.NDArray[Any] | pa.Array, present: pa.Array) -> pa.Array:
    """Makes a list of each row's values.

    Rows that aren't `present` have empty lists.
    """
    rows = len(present)
    if isinstance(values, pa.Array) and pa.types.is_large_list(values.type):
        lists = values
    else:
        flat = pa.array(values.reshape(-1)) if isinstance(values, np.ndarray) else values
        each = len(flat) // rows if rows else 0
        lists = pa.LargeListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int64) * each), flat)
    kept = present.to_numpy(zero_copy_only=False)
    lengths = np.where(kept, pc.list_value_length(lists).to_numpy(), 0)
    return pa.LargeListArray.from_arrays(pa.array(offsets_of(lengths)), lists.filter(present).flatten())


def drop_unknown(outputs: Outputs, labels: Sequence[FeatureSpec], rows: int) -> Outputs:
    """Removes labels' missing values: see `missing_rows`.

    Args:
        outputs: The graph's outputs for some rows.
        labels: The labels that may be missing.
        rows: The number of rows.

    Returns:
        The outputs, as in `drop_missing`.
    """
    changed = dict(outputs)
    for label in labels:
        missing = missing_rows(label, outputs[label.name], rows)
        if missing.any():
            changed[label.name] = _lists(outputs[label.name], pa.array(~missing))
    return changed


def missing_rows(feature: FeatureSpec, values: npt.NDArray[Any] | pa.Array, rows: int) -> npt.NDArray[np.bool_]:
    """Finds the rows in which an output's value is missing.

    It is missing where any value is NaN, or a scalar one is -2**63 or the empty text.

    Args:
        feature: The output.
        values: The output's values, as `Session.run` returns them.
        rows: The number of rows.

    Returns:
        bool [rows].
    """
    if isinstance(values, np.ndarray):
        missing = np.isnan(values) if values.dtype == np.float32 else values == MISSING_INT
        found = np.asarray(missing.reshape(rows, -1).any(axis=1))
        return found if values.dtype == np.float32 or feature.shape == () else np.zeros(rows, np.bool_)
    if pa.types.is_large_list(values.type):
        flat = values.flatten()
        if not pa.types.is_floating(flat.type):
            return np.zeros(rows, np.bool_)
        before = np.concatenate([[0], np.cumsum(np.isnan(flat.to_numpy(zero_copy_only=False)))])
        bounds = np.concatenate([[0], np.cumsum(pc.list_value_length(values).to_numpy(zero_copy_only=False))])
        return np.asarray(np.diff(before[bounds]) > 0)
    if feature.shape == ():
        return np.asarray(pc.equal(pc.binary_length(values), 0).to_numpy(zero_copy_only=False))
    return np.zeros(rows, np.bool_)


def select_rows(outputs: Outputs, features: Sequence[FeatureSpec], kept: pa.Array) -> Outputs:
    """Selects some of the rows.

    Args:
        outputs: The values of each feature in all rows.
        features: The features.
        kept: bool, one for each row.
    """
    return {feature.name: _select(outputs[feature.name], kept) for feature in features}


def _select(values: npt.NDArray[Any] | pa.Array, kept: pa.Array) -> npt.NDArray[Any] | pa.Array:
    if isinstance(values, np.ndarray):
        return values[kept.to_numpy(zero_copy_only=False)]
    each = len(values) // len(kept) if len(kept) else 1
    # Text is flat: a row's values come one after the other.
    return values.filter(kept if each == 1 else pa.array(np.repeat(kept.to_numpy(zero_copy_only=False), each)))
