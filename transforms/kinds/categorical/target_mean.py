"""The kind of tokens replaced by a target's mean."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import FOLD, ColumnType, Schema
from shardmill.transforms.distributions.joint_tokens import Companion
from shardmill.transforms.distributions.target_means import PART, TargetCompanion, smoothed
from shardmill.transforms.kinds.base import NUMBERS, Tensor, Trace
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.statistics.requests import Statistics

_FOLDS = range(2, 101)


@dataclass(frozen=True, kw_only=True)
class TargetMean(VocabularyKind):
    """The mean of a target by token, float32.

    It is (sum + smoothing * prior) / (count + smoothing), where the prior is the target's mean in
    all rows. In a training row the rows of its own fold are left out, also of the prior. A token
    that isn't in the vocabulary has the prior.

    Attributes:
        target: The target's column. None means that of the only `label` among the features. Rows
            without a target aren't counted.
        smoothing: The number of rows that the prior counts as.
        folds: The number of folds.
        missing: The token that replaces a missing cell; `"reject"` rejects the row. None means that
            rows without a token have the mean of their own targets.
    """

    kind = "target_mean"
    rules: ClassVar[tuple[str, ...]] = ("reject",)
    refused: ClassVar[tuple[str, ...]] = ("file", "extend", "num_oov_buckets", "reserved_tokens", "shared")
    ranks_by_label: ClassVar[bool] = False
    uses_folds: ClassVar[bool] = True

    target: str | None = None
    smoothing: float = 20
    folds: int = 5

    @property
    def companions(self) -> tuple[str, ...]:
        """The target's column: see `Kind.companions`."""
        return () if self.target is None else (self.target,)

    @property
    def companion(self) -> Companion | None:
        """The target: see `VocabularyKind.companion`."""
        return None if self.target is None else TargetCompanion(self.target, self.folds)

    def types_of(self, column: str) -> frozenset[ColumnType]:
        """Tokens, and a number: see `Kind.types_of`."""
        return NUMBERS if column in self.companions and column not in self.columns else super().types_of(column)

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        if self.label is not None:
            raise self.error(
                f"expected the target's column as `target`, received `label = {self.label!r}`; rename the parameter"
            )
        super().check_parameters(schema)
        if self.smoothing < 0:
            raise self.error(f"expected `smoothing` to be at least 0, received {self.smoothing!r}")
        if self.folds not in _FOLDS:
            raise self.error(f"expected `folds` to be from {_FOLDS[0]} to {_FOLDS[-1]}, received {self.folds!r}")
        if self.target in self.columns:
            raise self.error(f"expected a `target` besides its column, received {self.target!r}; name another column")
        if self.target is not None and self.target in schema and schema[self.target].type not in NUMBERS:
            column = schema[self.target]
            raise self.error(
                f"expected a `target` of type FLOAT or INT, received column {column.name!r}, which is {column.type.name}{column.advice}"
            )

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32"),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        size = self._size(trace.statistics)
        row = trace.table(self._key(size)).lookup(self.token(trace, self.columns[0]))
        if self._filling(trace.statistics) is None:
            row = raw.SelectV2(condition=trace.missing(self.columns[0]), t=np.int64(size + 1), e=row)
        column: Tensor = np.int64(self.folds)
        if FOLD in trace.inputs:
            fold = raw.FloorMod(x=trace.inputs[FOLD], y=np.int64(self.folds))
            outside = raw.Less(x=trace.inputs[FOLD], y=np.int64(0))
            column = raw.SelectV2(condition=outside, t=column, e=fold)
        index = raw.AddV2(x=raw.Mul(x=row, y=np.int64(self.folds + 1)), y=column)
        means = self._means(trace.statistics).reshape(-1)
        return {self.name: raw.GatherV2(params=means, indices=index, axis=0)}

    def _means(self, statistics: Statistics) -> npt.NDArray[np.float32]:
        """float32 [tokens + 2, folds + 1].

        The last two rows are of unknown tokens and of rows without one; the last column is of all
        rows.
        """
        found = statistics.vocabularies[self.name]
        if not found.parts:
            # A graph before the analysis.
            return np.zeros((found.size + 2, self.folds + 1), np.float32)
        parts = np.frombuffer(Path(found.parts).read_bytes(), PART).reshape(-1, self.folds + 1)
        everything, missing = TargetCompanion(self.target or "", self.folds).of_totals(statistics.totals[self.name])
        unknown = np.zeros((1, self.folds + 1), PART)
        return smoothed(np.concatenate([parts, unknown, missing[None]]), everything, self.smoothing)
