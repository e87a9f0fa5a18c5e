"""Kinds that look tokens up in a vocabulary.

The analysis finds the vocabulary, or a file gives it; outputs are ids, or vectors with ones at the
ids' positions.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import TOKENS, Kind, Request, TableKey, Tensor, Trace
from shardmill.transforms.kinds.categorical.given_file import given_text, problem_of
from shardmill.transforms.kinds.own_id import OWN_ID, with_own_id
from shardmill.transforms.statistics.requests import Statistics, VocabularyRequest

# The rules for missing cells that only some kinds of tokens have.
_RULES = ("mode", OWN_ID)
# The formats of vocabularies' files.
TEXT, TFRECORD = "text", "tfrecord_gzip"


@dataclass(frozen=True, kw_only=True)
class TokenKind(Kind):
    """A kind that takes tokens.

    They are a BYTES column's text, or an INT column's decimal text.

    Attributes:
        missing: The token that replaces a missing cell. `"mode"` is the most frequent one (of a
            vocabulary that the analysis finds); `"reject"` rejects the row. None means that the
            token is empty, which no vocabulary contains. The analysis counts present tokens only.
    """

    types = TOKENS

    missing: str | None = None

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.missing in _RULES and self.missing not in self.rules:
            rules = " or ".join(f'"{rule}"' for rule in self.rules)
            raise self.error(
                f"expected `missing` to be a token or {rules} for `{self.kind}`, received {self.missing!r}; "
                "`indicator = true` says which cells are missing"
            )

    def token(self, trace: Trace, column: str) -> Tensor:
        """string[batch]: a column's tokens, without missing ones.

        They are replaced as `missing` says.
        """
        token = self._filling(trace.statistics)
        text = trace.text(column)
        if token is None:
            return text
        return trace.tf.raw_ops.SelectV2(condition=trace.missing(column), t=token.encode(), e=text)

    def _filling(self, _statistics: Statistics) -> str | None:
        return None if self.missing in (None, *self.rules) else self.missing


@dataclass(frozen=True, kw_only=True)
class VocabularyKind(TokenKind):
    """A kind that looks tokens up in a vocabulary.

    Ids are in the order of `tft.compute_and_apply_vocabulary`.

    Attributes:
        top_k: The most tokens kept. None means no limit.
        frequency_threshold: The least count of a token that is kept. None means no limit.
        num_oov_buckets: The number of ids, after the vocabulary's, over which other tokens are
            spread by hash.
        missing: As for `TokenKind`; or `"own_id"`: the id after all others, those of the OOV
            buckets included.
        reserved_tokens: Tokens that take the first ids, whether seen or not; `top_k` doesn't count
            them.
        file: A given vocabulary, one token a line. None means that the analysis finds the
            vocabulary.
        shared: The name of a vocabulary that several features build together, from all their
            columns. None means one of its own, with the feature's name.
        file_format: The format of the vocabulary's file in the graph: `"text"`, one token a line,
            or `"tfrecord_gzip"`, as in TF Transform.
        extend: The folder of an earlier run, whose vocabulary of this name keeps its ids; new
            tokens follow, no more than `top_k` leaves room for. None means that all ids are new.
        pool: All columns that the vocabulary is built from; set when all features are known.
        earlier: A copy of the file of `extend`'s vocabulary; set when the job is planned.
    """

    rules: ClassVar[tuple[str, ...]] = ("mode", OWN_ID, "reject")

    top_k: int | None = None
    frequency_threshold: int | None = None
    num_oov_buckets: int = 0
    reserved_tokens: tuple[str, ...] = ()
    file: str | None = None
    shared: str | None = None
    file_format: str = TEXT
    extend: str | None = None
    pool: tuple[str, ...] = ()
    earlier: str | None = None

    # The separators of a row's tokens; see `VocabularyRequest`.
    separator: ClassVar[str | None] = None
    delimiter: ClassVar[str | None] = None

    @property
    def vocabulary(self) -> str | None:
        """The vocabulary's name; None means that there is none."""
        return self.shared or self.name

    @property
    def selection(self) -> tuple[object, ...]:
        """Parameters that must agree where features share a vocabulary."""
        return (
            *(self.top_k, self.frequency_threshold, self.reserved_tokens, self.file, self.file_format, self.extend),
            *(self.separator, self.delimiter),
        )

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        for key, least in (("top_k", 1), ("frequency_threshold", 0), ("num_oov_buckets", 0)):
            value = getattr(self, key)
            if value is not None and value < least:
                raise self.error(f"expected `{key}` to be at least {least}, received {value!r}")
        for token in self.reserved_tokens:
            if not token or "\n" in token or "\r" in token:
                raise self.error(
                    f"expected `reserved_tokens` that aren't empty and have no line end, received {token!r}"
                )
        if len(set(self.reserved_tokens)) != len(self.reserved_tokens):
            raise self.error(f"expected `reserved_tokens` without repetitions, received {list(self.reserved_tokens)!r}")
        if self.file_format not in (TEXT, TFRECORD):
            raise self.error(f'expected `file_format` to be "{TEXT}" or "{TFRECORD}", received {self.file_format!r}')
        if self.file is not None:
            self._check_file(self.file)

    def _check_file(self, file: str) -> None:
        counted = (self.top_k, self.frequency_threshold, self.extend)
        if any(each is not None for each in counted) or self.missing == "mode":
            raise self.error(
                "a vocabulary from a `file` isn't counted: remove `top_k`, `frequency_threshold`, `extend` and "
                '`missing = "mode"`'
            )
        try:
            problem = problem_of(given_text(file))
        except (OSError, UnicodeDecodeError) as error:
            raise self.error(
                f"can't read the vocabulary `file` {file!r}: {error}; expected UTF-8 text, one token a line"
            ) from error
        if problem is not None:
            raise self.error(f"the vocabulary `file` {file!r} {problem}; expected one token a line, all different")

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """A request for the vocabulary, unless a file gives it."""
        if self.vocabulary is None or self.file is not None:
            return ()
        columns = self.pool or self.columns
        return (
            VocabularyRequest(
                self.vocabulary, columns, self.top_k, self.frequency_threshold, self.separator, self.delimiter
            ),
        )

    def _size(self, statistics: Statistics) -> int:
        return statistics.vocabularies[self.shared or self.name].size

    def _ids(self, statistics: Statistics) -> int:
        """The number of tokens' ids.

        The own id of missing cells is the next.
        """
        return self._size(statistics) + self.num_oov_buckets

    def _width(self, statistics: Statistics) -> int:
        """The number of ids, that of missing cells included."""
        return self._ids(statistics) + (self.missing == OWN_ID)

    def _key(self, default_value: int) -> TableKey:
        # The default value only matters without OOV buckets: with them, tables that differ in it
        # are the same.
        return TableKey(self.shared or self.name, self.num_oov_buckets, -1 if self.num_oov_buckets else default_value)

    def _filling(self, statistics: Statistics) -> str | None:
        return (
            statistics.vocabularies[self.shared or self.name].most_common
            if self.missing == "mode"
            else super()._filling(statistics)
        )


@dataclass(frozen=True, kw_only=True)
class IdKind(VocabularyKind):
    """A kind whose outputs are ids.

    Attributes:
        default_value: The id of a token that isn't in the vocabulary, without OOV buckets.
    """

    default_value: int = -1

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        # Those are never the id of missing cells, whatever the size of the vocabulary.
        least = max(len(self.reserved_tokens), 1)
        if self.missing == OWN_ID and not self.num_oov_buckets and self.default_value >= least:
            raise self.error(
                f"expected `default_value` less than {least}, received {self.default_value!r}: it may be the id of missing "
                'cells (`missing = "own_id"`); give unknown tokens a negative one, that of a reserved token, or `num_oov_buckets`'
            )

    def _spec(self, statistics: Statistics, shape: tuple[int, ...]) -> tuple[FeatureSpec, ...]:
        low, high = 0, self._width(statistics) - 1
        if not self.num_oov_buckets:
            low, high = min(low, self.default_value), max(high, self.default_value)
        return (FeatureSpec(self.name, "int64", shape, low, high, is_categorical=True),)


@dataclass(frozen=True, kw_only=True)
class Vocabulary(IdKind):
    """A token's id, int64, as in `tft.compute_and_apply_vocabulary`.

    Several columns give as many ids, all in one vocabulary.
    """

    kind = "vocabulary"
    max_columns = 1000

    def _outputs(self, _schema: Schema, statistics: Statistics) -> tuple[FeatureSpec, ...]:
        return self._spec(statistics, (len(self.columns),) if len(self.columns) > 1 else ())

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        tokens = _together(trace, [self.token(trace, column) for column in self.columns])
        ids = trace.table(self._key(self.default_value)).lookup(tokens)
        return {self.name: with_own_id(trace, self.missing, self._each_missing, ids, self._ids(trace.statistics))}

    def _each_missing(self, trace: Trace) -> Tensor:
        return _together(trace, [trace.missing(column) for column in self.columns])


def _together(trace: Trace, tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else trace.tf.raw_ops.Pack(values=tensors, axis=1)


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
        delimiter: The text that separates the tokens of a cell; empty tokens are ignored. None
            means that a cell is one token.
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
            pieces = raw.StringSplitV2(input=joined, sep=self.delimiter.encode())
            rows, tokens = (
                raw.Reshape(tensor=raw.Slice(input=pieces.indices, begin=[0, 0], size=[-1, 1]), shape=[-1]),
                pieces.values,
            )
        if len(cells) > 1:
            # Row r of the c-th column stands at c * batch + r.
            batch = raw.Reshape(tensor=raw.Shape(input=cells[0], out_type=tf.int64), shape=np.zeros(0, np.int32))
            rows = raw.FloorMod(x=rows, y=raw.Maximum(x=batch, y=np.int64(1)))
        return rows, tokens


def shared_error(first: VocabularyKind, second: VocabularyKind) -> ConfigError:
    """The error for features that disagree about a shared vocabulary."""
    return second.error(
        f"expected the same `top_k`, `frequency_threshold`, `reserved_tokens`, `file`, `file_format`, `extend` "
        f"and delimiter as feature {first.name!r}, "
        f"which shares the vocabulary {first.vocabulary!r} ({list(first.selection)!r}), received {list(second.selection)!r}"
    )
