"""Kinds of vectors with ones at the ids of tokens."""

from dataclasses import dataclass

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.kinds.element_rules import ElementRule
from shardmill.transforms.kinds.own_id import OWN_ID
from shardmill.transforms.statistics.requests import Statistics


@dataclass(frozen=True, kw_only=True)
class OneHot(VocabularyKind):
    """float32[n], 1 at the token's id and 0 elsewhere.

    n counts the ids and OOV buckets, and the own id of missing cells. All are 0 for a missing or an
    unknown token that has no id.
    """

    kind = "one_hot"

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32", (self._width(statistics),)),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        ids = trace.table(self._key(-1)).lookup(self.token(trace, self.columns[0]))
        if self._filling(trace.statistics) is None:
            # OOV buckets are for tokens that are present but unknown.
            own_id = self._ids(trace.statistics) if self.missing == OWN_ID else -1
            ids = raw.SelectV2(condition=trace.missing(self.columns[0]), t=np.int64(own_id), e=ids)
        depth = self._width(trace.statistics)
        return {
            self.name: raw.OneHot(
                indices=ids, depth=np.int32(depth), on_value=np.float32(1), off_value=np.float32(0), axis=-1
            )
        }


@dataclass(frozen=True, kw_only=True)
class MultiHot(VocabularyKind):
    """float32[n], 1 at the ids of several tokens.

    They are the tokens of several columns, or of one cell with a delimiter; n is as for `OneHot`.
    The own id of missing cells is 1 if any of the columns' cells is missing.

    Attributes:
        delimiter: The text that separates the tokens of a cell; blanks around tokens are stripped,
            and empty tokens ignored. None means that a cell is one token.
    """

    kind = "multi_hot"
    max_columns = 1000

    delimiter: str | None = None  # type: ignore[misc]  # a parameter here

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.delimiter == "":
            raise self.error('expected a `delimiter` that isn\'t empty, received ""')

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return (FeatureSpec(self.name, "float32", (self._width(statistics),)),)

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw, tf = trace.tf.raw_ops, trace.tf
        cells = [self.token(trace, column) for column in self.columns]
        rows, tokens = self._tokens(trace, cells)
        ids = trace.table(self._key(-1)).lookup(tokens)
        ids = raw.SelectV2(condition=raw.Equal(x=tokens, y=b""), t=np.int64(-1), e=ids)
        depth = self._ids(trace.statistics)
        # Unknown tokens land in a column that is cut off.
        column = raw.SelectV2(condition=raw.Less(x=ids, y=np.int64(0)), t=np.int64(depth), e=ids)
        batch = raw.Shape(input=cells[0], out_type=tf.int64)
        shape = raw.ConcatV2(values=[batch, np.array([depth + 1], np.int64)], axis=0)
        ones = raw.OnesLike(x=raw.Cast(x=ids, DstT=tf.float32))
        counts = raw.ScatterNd(indices=raw.Pack(values=[rows, column], axis=1), updates=ones, shape=shape)
        kept = raw.Slice(input=counts, begin=np.array([0, 0], np.int64), size=np.array([-1, depth], np.int64))
        values = raw.Minimum(x=kept, y=np.float32(1))
        if self.missing == OWN_ID:
            flag = raw.ExpandDims(input=raw.Cast(x=self._missing(trace), DstT=tf.float32), axis=1)
            values = raw.ConcatV2(values=[values, flag], axis=1)
        return {self.name: tf.ensure_shape(values, [None, self._width(trace.statistics)])}

    def _tokens(self, trace: Trace, cells: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The tokens, string, and their rows, int64."""
        raw, tf = trace.tf.raw_ops, trace.tf
        joined = raw.ConcatV2(values=cells, axis=0) if len(cells) > 1 else cells[0]
        count = raw.Shape(input=joined, out_type=tf.int64)
        scalar = raw.Reshape(tensor=count, shape=np.zeros(0, np.int32))
        rows, tokens = raw.Range(start=np.int64(0), limit=scalar, delta=np.int64(1)), joined
        if self.delimiter is not None:
            elements = ElementRule(self.delimiter).elements(trace, joined)
            rows, tokens = elements.value_rowids(), elements.values
        if len(cells) > 1:
            # Row r of the c-th column stands at c * batch + r.
            batch = raw.Reshape(tensor=raw.Shape(input=cells[0], out_type=tf.int64), shape=np.zeros(0, np.int32))
            rows = raw.FloorMod(x=rows, y=raw.Maximum(x=batch, y=np.int64(1)))
        return rows, tokens
