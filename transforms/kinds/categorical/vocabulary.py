"""Kinds that look tokens up in a vocabulary.

The analysis finds the vocabulary, or a file gives it.
"""

from dataclasses import dataclass
from typing import ClassVar

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.distributions.joint_tokens import Companion
from shardmill.transforms.distributions.mutual_information import LabelCompanion
from shardmill.transforms.kinds.base import TOKENS, Kind, Request, TableKey, Tensor, Trace
from shardmill.transforms.kinds.categorical.given_file import given_text, problem_of
from shardmill.transforms.kinds.categorical.token_mode import MODE, mode_of, mode_request
from shardmill.transforms.kinds.own_id import OWN_ID, with_own_id
from shardmill.transforms.statistics.requests import Statistics, VocabularyRequest

# The rules for missing cells that only some kinds of tokens have.
_RULES = ("mode", OWN_ID)
# The formats of vocabularies' files.
TEXT, TFRECORD = "text", "tfrecord_gzip"
# What tokens are ranked by.
FREQUENCY, INFORMATION, ADJUSTED = "frequency", "mutual_information", "adjusted_mutual_information"
# The least difference from the average that follows from the number of rows.
_AUTO = "auto"


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

    def requests(self, _schema: Schema) -> tuple[Request, ...]:
        """Requests for the columns' modes, if the rule takes them."""
        return tuple(map(mode_request, self.columns)) if self.missing == MODE else ()

    def token(self, trace: Trace, column: str) -> Tensor:
        """string[batch]: a column's tokens, without missing ones.

        They are replaced as `missing` says.
        """
        token = self._filling_of(trace.statistics, column)
        text = trace.text(column)
        if token is None:
            return text
        return trace.tf.raw_ops.SelectV2(condition=trace.missing(column), t=token.encode(), e=text)

    def _filling(self, _statistics: Statistics) -> str | None:
        return None if self.missing in (None, *self.rules) else self.missing

    def _filling_of(self, statistics: Statistics, column: str) -> str | None:
        """The replacement of missing cells in a column."""
        return mode_of(self, column, statistics) if self.missing == MODE else self._filling(statistics)


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
        rank_by: What orders tokens, and what `top_k` keeps the first of: `"frequency"`, or
            `"mutual_information"` with a label, as `tft.vocabulary` has it with `labels`, or
            `"adjusted_mutual_information"`, as with `use_adjusted_mutual_info`.
        label: The label's column. None means that of the only label among the features.
        min_diff_from_avg: As in `tft.vocabulary`: a label adds nothing to the score of a token with
            which it has about as many rows as by chance, with a difference less than this.
            `"auto"` means a number that follows from that of the rows.
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
    rank_by: str = FREQUENCY
    label: str | None = None
    min_diff_from_avg: float | str = 0
    pool: tuple[str, ...] = ()
    earlier: str | None = None

    # Whether tokens may be ranked by a label; those of kinds that need all rows' counts aren't.
    ranks_by_label: ClassVar[bool] = True
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
            *(self.separator, self.delimiter, self.rank_by, self.label, self.min_diff_from_avg),
        )

    @property
    def by_label(self) -> bool:
        """Whether a label ranks the tokens."""
        return self.rank_by in (INFORMATION, ADJUSTED)

    @property
    def companions(self) -> tuple[str, ...]:
        """The label's column, if it ranks tokens: see `Kind.companions`."""
        return (self.label,) if self.by_label and self.label is not None else ()

    @property
    def companion(self) -> Companion | None:
        """Tokens' companion: see `VocabularyRequest`."""
        if not self.by_label or self.label is None:
            return None
        least = None if isinstance(self.min_diff_from_avg, str) else self.min_diff_from_avg
        return LabelCompanion(self.label, self.rank_by == ADJUSTED, least)

    def types_of(self, column: str) -> frozenset[ColumnType]:
        """Tokens, and any label: see `Kind.types_of`."""
        return frozenset(ColumnType) if column in self.companions else super().types_of(column)

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        for key in self.refused:
            if getattr(self, key):
                raise self.error(
                    f"expected a `{self.kind}` without `{key}`, received {getattr(self, key)!r}; tokens must be counted"
                )
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
        self._check_ranking()

    def _check_ranking(self) -> None:
        if self.rank_by not in (FREQUENCY, INFORMATION, ADJUSTED):
            raise self.error(
                f'expected `rank_by` to be "{FREQUENCY}", "{INFORMATION}" or "{ADJUSTED}", received {self.rank_by!r}'
            )
        least = self.min_diff_from_avg
        if least != _AUTO and (isinstance(least, str) or least < 0):
            raise self.error(
                f'expected `min_diff_from_avg` to be a number of at least 0 or "{_AUTO}", received {least!r}'
            )
        if not self.by_label:
            for key in ("label", "min_diff_from_avg"):
                if getattr(self, key):
                    raise self.error(
                        f'expected `rank_by = "{INFORMATION}"` with `{key}`, received `{key}` alone; '
                        "add the one or remove the other"
                    )
            return
        if self.file is not None:
            raise self.error(
                f"expected no `rank_by` with a `file`, received {self.rank_by!r}; the file gives the order"
            )
        if self.missing == "mode" or not self.ranks_by_label:
            what = f"`{self.kind}`" if not self.ranks_by_label else '`missing = "mode"`'
            raise self.error(
                f'expected `rank_by = "{FREQUENCY}"` for {what}, received {self.rank_by!r}; it needs the counts of all rows, also '
                "of those without a label"
            )
        if self.label in (self.pool or self.columns):
            raise self.error(
                f"expected a `label` besides the columns that it ranks, received {self.label!r}; name another column"
            )

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
                self.vocabulary,
                columns,
                self.top_k,
                self.frequency_threshold,
                self.separator,
                self.delimiter,
                companion=self.companion,
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

    def _filling_of(self, statistics: Statistics, _column: str) -> str | None:
        return self._filling(statistics)


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


def shared_error(first: VocabularyKind, second: VocabularyKind) -> ConfigError:
    """The error for features that disagree about a shared vocabulary."""
    return second.error(
        f"expected the same `top_k`, `frequency_threshold`, `reserved_tokens`, `file`, `file_format`, `extend`, `rank_by`, `label`, "
        f"`min_diff_from_avg` and delimiter as feature {first.name!r}, "
        f"which shares the vocabulary {first.vocabulary!r} ({list(first.selection)!r}), received {list(second.selection)!r}"
    )
