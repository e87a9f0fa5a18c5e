"""Splits rows evenly within each value of a column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import to_numpy
from shardmill.transforms.csv.rejects import Faults
from shardmill.transforms.rows.splits import BUCKETS
from shardmill.transforms.runtime.fingerprint import fingerprint

# Fractions of 2**64: multiples of the golden ratio, and of the square root of 2, modulo 1 cover
# the range from 0 to 1 more evenly than random numbers do.
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ROOT = np.uint64(0x6A09E667F3BCC909)
_HALF = np.uint64(32)
_MOST = 2**63 - 1


@dataclass(frozen=True)
class StratumKey:
    """The column within whose values rows are split evenly.

    A row's bucket follows from its index among the unit's rows of the same value: from a start that
    depends on the value and the unit, each next row is the golden ratio further, modulo 1. So of
    any run of n such rows a split of share s gets s * n, to within a few rows.

    Attributes:
        column: Its name. Missing cells are a value of their own.
    """

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose text is needed."""
        return (self.column,)

    @property
    def by_unit(self) -> bool:
        """True: each unit has starts of its own."""
        return True

    def begin(self, unit: int) -> Callable[[Mapping[str, pa.Array], npt.NDArray[np.bool_]], tuple[pa.Array, Faults]]:
        """Returns the function that reads a unit's blocks in order."""
        return _Strata(self.column, unit).read


class _Strata:
    """The values of a unit so far, and their rows."""

    def __init__(self, column: str, unit: int) -> None:
        self._column = column
        # An array: products of NumPy's scalars warn of the overflow that is wanted here.
        self._unit = np.array([unit], np.uint64)
        self._values = pa.array([], pa.string())
        self._rows = np.zeros(0, np.int64)

    def read(self, texts: Mapping[str, pa.Array], kept: npt.NDArray[np.bool_]) -> tuple[pa.Array, Faults]:
        """Gives each kept row its bucket, the others 0."""
        text = texts.get(self._column, pa.nulls(len(kept), pa.string()))
        encoded = pc.fill_null(text, "").filter(pa.array(kept)).dictionary_encode()
        found = self._find(encoded.dictionary)[to_numpy(encoded.indices)]
        order = np.argsort(found, kind="stable")
        counts = np.bincount(found, minlength=len(self._rows))
        ranks = np.empty(len(found), np.int64)
        ranks[order] = np.arange(len(found)) - np.repeat(np.cumsum(counts) - counts, counts)
        indices = (self._rows[found] + ranks).astype(np.uint64)
        self._rows += counts
        starts = fingerprint(self._values, _MOST).astype(np.uint64) * _GOLDEN + self._unit * _ROOT
        positions = starts[found] + indices * _GOLDEN
        buckets = np.zeros(len(kept), np.int64)
        buckets[kept] = (((positions >> _HALF) * np.uint64(BUCKETS)) >> _HALF).astype(np.int64)
        return pa.array(buckets), {}

    def _find(self, values: pa.Array) -> npt.NDArray[np.int64]:
        """The index of each value, adding those that are new."""
        known = pc.index_in(values, value_set=self._values)
        new = values.filter(known.is_null())
        self._values = pa.concat_arrays([self._values, new])
        self._rows = np.concatenate([self._rows, np.zeros(len(new), np.int64)])
        return np.asarray(pc.index_in(values, value_set=self._values).to_numpy(zero_copy_only=False), np.int64)
