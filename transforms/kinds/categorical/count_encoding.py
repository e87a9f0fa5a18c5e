"""Kinds that replace a token by its count."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class _CountKind(VocabularyKind):
    """A number that a token's count gives.

    It is 0 for a token that isn't in the vocabulary.

    Attributes:
        missing: The token that replaces a missing cell; `"mode"` is the most frequent one,
            `"reject"` rejects the row. None means 0.
    """

    rules: ClassVar[tuple[str, ...]] = ("mode", "reject")
    refused: ClassVar[tuple[str, ...]] = ("file", "extend", "num_oov_buckets")
    ranks_by_label: ClassVar[bool] = False

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf = trace.tf.raw_ops, trace.tf
        # The last number is that of tokens which aren't in the vocabulary.
        numbers = self._numbers(trace.statistics)
        numbers = np.append(numbers, numbers.dtype.type(0))
        key = self._key(self._size(trace.statistics))
        ids = trace.table(key).lookup(self.token(trace, self.columns[0]))
        found = raw.GatherV2(params=numbers, indices=ids, axis=0)
        return {self.name: raw.Cast(x=found, DstT=tf.int64) if found.dtype == tf.int32 else found}

    def _counts(self, statistics: Statistics) -> npt.NDArray[np.int64]:
        return statistics.vocabularies[self.shared or self.name].token_counts()

    @abstractmethod
    def _numbers(self, statistics: Statistics) -> npt.NDArray[Any]:
        """Each token's number, [size], in the order of ids."""


@dataclass(frozen=True, kw_only=True)
class Count(_CountKind):
    """How many rows the analysis saw a token in, int64.

    It is 0 for a token that isn't in the vocabulary.
    """

    kind = "count"

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "int64"),)

    def _numbers(self, statistics: Statistics) -> npt.NDArray[Any]:
        counts = self._counts(statistics)
        # The graph takes half as much memory where they fit.
        fits = counts.max(initial=0) <= np.iinfo(np.int32).max
        return counts.astype(np.int32) if fits else counts


@dataclass(frozen=True, kw_only=True)
class Frequency(_CountKind):
    """A token's share of all counted tokens, float32.

    It is 0 for a token that isn't in the vocabulary.
    """

    kind = "frequency"

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32"),)

    def _numbers(self, statistics: Statistics) -> npt.NDArray[Any]:
        # With no token at all there may be reserved ones.
        total = max(statistics.vocabularies[self.shared or self.name].total, 1)
        return (self._counts(statistics) / total).astype(np.float32)
