"""Relates features to the label, in a sample.

A feature's values are put into buckets, and each bucket predicts the mean of the label's values in
it. Half of the rows make the prediction for the other half, so that a feature with as many values
as rows doesn't seem to predict the label.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy

Numbers = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int64]

# Rows below which nothing is said.
LEAST_ROWS = 100
# Values of a label that are classes, at most; more are amounts.
_CLASSES = 20
# Buckets by quantiles to predict with, and to show.
_PREDICTING, _SHOWN = 20, 10
# Different values that are shown as they are.
_FEW = 12
# Rows of the mean of all that each bucket's mean is mixed with: a bucket of one row says little.
_PRIOR = 1.0


@dataclass(frozen=True)
class Label:
    """A label's values in a sample.

    Attributes:
        name: The label's name.
        targets: float64 [rows, targets]: amounts; or for each class 1 where the row is of it.
        shown: The target that buckets show.
        class_name: The class of that target. None means that the label is an amount.
    """

    name: str
    targets: Numbers
    shown: int = 0
    class_name: str | None = None


@dataclass(frozen=True)
class Bucket:
    """Rows whose values of a feature are alike.

    Attributes:
        low: The least value.
        high: The greatest value; the same where the bucket is one value.
        rows: The number of rows.
        mean: The mean of the label, or the share of its class.
    """

    low: float
    high: float
    rows: int
    mean: float


@dataclass(frozen=True)
class Relation:
    """How a feature relates to the label.

    Attributes:
        power: The share of the label's variance that the feature's buckets predict, 0 to 1.
        buckets: The buckets, by the feature's values.
    """

    power: float
    buckets: tuple[Bucket, ...]


def label_of(name: str, values: npt.NDArray[Any] | pa.Array) -> Label | None:
    """Reads a label's values.

    Args:
        name: The label's name.
        values: Numbers or large_binary, one for each row.

    Returns:
        The label. None means that its values don't differ, or are texts of too many kinds.
    """
    if isinstance(values, pa.Array):
        encoded = values.dictionary_encode()
        names = [each.decode("utf-8", "backslashreplace") for each in encoded.dictionary.to_pylist()]
        order = np.argsort(np.array(names, object), kind="stable")
        ranks = np.empty(len(order), np.int64)
        ranks[order] = np.arange(len(order))
        return _classes(name, ranks[to_numpy(encoded.indices)], [names[index] for index in order])
    numbers = values.astype(np.float64)
    finite = numbers[np.isfinite(numbers)]
    distinct = np.unique(finite)
    if len(finite) < len(numbers) or len(distinct) < 2:  # noqa: PLR2004  (two values differ)
        return None
    if len(distinct) <= _CLASSES and np.array_equal(distinct, np.round(distinct)):
        return _classes(name, np.searchsorted(distinct, numbers), [f"{each:.0f}" for each in distinct])
    return Label(name, numbers[:, np.newaxis])


def _classes(name: str, indices: Groups, names: Sequence[str]) -> Label | None:
    if not 1 < len(names) <= _CLASSES:
        return None
    targets = np.zeros((len(indices), len(names)))
    targets[np.arange(len(indices)), indices] = 1
    # Of two classes the second is the one that is asked for: 1, true, >50K.
    shown = 1 if len(names) == 2 else int(np.argmax(targets.sum(axis=0)))  # noqa: PLR2004  (a pair)
    return Label(name, targets, shown, names[shown])


def relate(label: Label, values: npt.NDArray[Any] | pa.Array, *, categorical: bool = False) -> Relation | None:
    """Relates a feature to the label.

    Args:
        label: The label.
        values: The feature's values in the same rows: numbers, or large_binary.
        categorical: Whether the numbers are ids, whose order means nothing.

    Returns:
        The relation. None means that the rows are too few, or that the feature is constant.
    """
    if len(values) < LEAST_ROWS:
        return None
    if isinstance(values, pa.Array):
        numbers = to_numpy(pc.cast(values.dictionary_encode().indices, pa.int64())).astype(np.float64)
        categorical = True
    else:
        numbers = values.astype(np.float64)
    distinct, exact = np.unique(numbers, return_inverse=True)
    if len(distinct) < 2:  # noqa: PLR2004  (two values differ)
        return None
    groups = exact if categorical or len(distinct) <= _PREDICTING else _by_quantiles(numbers, _PREDICTING)
    return Relation(_power(label.targets, groups), _buckets(label, numbers, exact, distinct, categorical=categorical))


def _by_quantiles(numbers: Numbers, most: int) -> Groups:
    """Buckets of about equal counts, and one of NaN."""
    known = numbers[~np.isnan(numbers)]
    edges = np.unique(np.quantile(known, np.arange(1, most) / most, method="lower")) if len(known) else known
    # A value that is an edge of several quantiles has a bucket of its own below the greater ones.
    return np.where(np.isnan(numbers), len(edges) + 1, np.searchsorted(edges, numbers, side="left"))


def _power(targets: Numbers, groups: Groups) -> float:
    """The share of the targets' variance that the groups predict."""
    # Drawn, since every other row may be of one class, and from a seed: the page stays the same.
    first = np.random.default_rng(0).random(len(groups)) < 0.5  # noqa: PLR2004  (half of them)
    left = total = 0.0
    for known in (first, ~first):
        mean = targets[known].mean(axis=0)
        predicted = _means(targets[known], groups[known], int(groups.max()) + 1, mean)
        left += float(np.square(targets[~known] - predicted[groups[~known]]).sum())
        total += float(np.square(targets[~known] - mean).sum())
    return min(max(1 - left / total, 0.0), 1.0) if total > 0 else 0.0


def _means(targets: Numbers, groups: Groups, count: int, mean: Numbers) -> Numbers:
    """Each group's mean of targets, mixed with the whole's."""
    rows = np.bincount(groups, minlength=count)[:, np.newaxis]
    sums = np.stack([np.bincount(groups, column, minlength=count) for column in targets.T], axis=1)
    means: Numbers = (sums + _PRIOR * mean) / (rows + _PRIOR)
    return means


def _buckets(
    label: Label, numbers: Numbers, exact: Groups, distinct: Numbers, *, categorical: bool
) -> tuple[Bucket, ...]:
    target = label.targets[:, label.shown]
    if categorical and len(distinct) > _FEW:
        # Only the most frequent ids are shown.
        counts = np.bincount(exact)
        kept = np.sort(np.argsort(-counts, kind="stable")[:_FEW])
        groups = np.full(len(distinct), -1, np.int64)
        groups[kept] = np.arange(len(kept))
        groups = groups[exact]
        numbers, target, groups = numbers[groups >= 0], target[groups >= 0], groups[groups >= 0]
    else:
        groups = exact if len(distinct) <= _FEW else _by_quantiles(numbers, _SHOWN)
    rows = np.bincount(groups)
    sums = np.bincount(groups, target)
    lows, highs = (np.full(len(rows), value) for value in (np.inf, -np.inf))
    np.fmin.at(lows, groups, numbers)
    np.fmax.at(highs, groups, numbers)
    return tuple(
        Bucket(float(lows[index]), float(highs[index]), int(rows[index]), float(sums[index] / rows[index]))
        for index in np.flatnonzero((rows > 0) & np.isfinite(lows))
    )
