"""What a run's features must be, computed independently with pandas and NumPy from the CSV and the configuration."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd


def features(table: Mapping[str, Any], columns: pd.DataFrame, types: Mapping[str, str]) -> dict[str, np.ndarray]:
    """The outputs of a [features] table, in the rows' order.

    Args:
        table: The parsed [features].
        columns: The raw text of every column, missing cells as None.
        types: Each column's type: int, float or bytes.
    """
    found: dict[str, np.ndarray] = {}
    for name, declared in table.items():
        spec = {"kind": declared} if isinstance(declared, str) else dict(declared)
        column = spec.get("column", name)
        found |= _KINDS[spec["kind"]](name, spec, columns[column], types[column])
    return found


def _numbers(text: pd.Series, column_type: str) -> np.ndarray:
    """float64 with NaN where missing, rounded to float32 where the column is FLOAT."""
    values = np.array([np.nan if cell is None else float(cell) for cell in text])
    values[np.isnan(values)] = np.nan
    return values.astype(np.float32).astype(np.float64) if column_type == "float" else values


def _fill(values: np.ndarray, rule: Any) -> np.ndarray:
    present = values[~np.isnan(values)]
    fill = {"mean": np.mean, "median": np.median}[rule](present) if isinstance(rule, str) else rule
    return np.where(np.isnan(values), fill, values)


def _indicator(name: str, spec: Mapping[str, Any], missing: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}_missing": missing.astype(np.int64)} if spec.get("indicator") else {}


def _z_score(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    values = _numbers(text, column_type)
    present = values[~np.isnan(values)]
    # In float32, as TF Transform computes it: an integer beyond 2**24 is rounded before its mean is subtracted.
    filled = _fill(values, spec.get("missing", "mean")).astype(np.float32)
    deviation = np.float32(present.std())
    centred = filled - np.float32(present.mean())
    return {name: centred / deviation if deviation else centred, **_indicator(name, spec, np.isnan(values))}


def _numeric(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    del spec
    return {name: _numbers(text, column_type).astype(np.int64 if column_type == "int" else np.float32)}


def _min_max(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    values = _numbers(text, column_type)
    present = values[~np.isnan(values)]
    filled = _fill(values, spec.get("missing", "mean"))
    return {name: ((filled - present.min()) / (present.max() - present.min())).astype(np.float32)}


def tokens(text: pd.Series, column_type: str) -> list[str]:
    """The tokens of a column, "" where missing; an integer's is its decimal text."""
    if column_type == "int":
        return ["" if cell is None else str(int(Decimal(cell))) for cell in text]
    return ["" if cell is None else cell for cell in text]


def vocabulary(cells: list[str], top_k: int | None = None) -> list[str]:
    """The distinct tokens, most frequent first, ties in descending order of bytes."""
    counts = Counter(cell for cell in cells if cell and "\n" not in cell and "\r" not in cell)
    return sorted(counts, key=lambda token: (counts[token], token.encode()), reverse=True)[:top_k]


def _vocabulary(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    cells = tokens(text, column_type)
    ids = {token: place for place, token in enumerate(vocabulary(cells, spec.get("top_k")))}
    assert spec["num_oov_buckets"] == 1
    return {name: np.array([ids.get(cell, len(ids)) for cell in cells], np.int64)}


def _multi_hot(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    lists = [[each.strip() for each in cell.split(spec["delimiter"])] for cell in tokens(text, column_type)]
    ids = {token: place for place, token in enumerate(vocabulary([each for found in lists for each in found]))}
    assert spec["num_oov_buckets"] == 1
    hot = np.zeros((len(lists), len(ids) + 1), np.float32)
    for row, found in enumerate(lists):
        hot[row, [ids.get(each, len(ids)) for each in found if each]] = 1
    return {name: hot}


def _label(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    if column_type == "bytes":
        return {name: np.array([cell.encode() for cell in text], object)}
    return _numeric(name, spec, text, column_type)


def _datetime(name: str, spec: Mapping[str, Any], text: pd.Series, column_type: str) -> dict[str, np.ndarray]:
    if spec["format"] == "unix":
        moments = pd.to_datetime(
            pd.Series([None if cell is None else int(Decimal(cell)) for cell in text], dtype="Int64"), unit="s"
        )
    else:
        moments = pd.to_datetime(text, format=spec["format"])
    assert not spec.get("cyclic")
    found = {}
    for part in spec["parts"]:
        values = {"weekday": moments.dt.day_of_week, "day_of_year": moments.dt.day_of_year}.get(part)
        values = getattr(moments.dt, part) if values is None else values
        found[f"{name}_{part}"] = values.fillna(-1).to_numpy(np.int64)
    return found


_KINDS = {
    "numeric": _numeric,
    "z_score": _z_score,
    "min_max": _min_max,
    "vocabulary": _vocabulary,
    "multi_hot": _multi_hot,
    "label": _label,
    "datetime": _datetime,
}
