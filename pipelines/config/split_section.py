"""The configuration's `[split]`: how rows are divided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import TYPE_CHECKING, Annotated, Any, TypedDict

from msgspec import Meta

from shardmill.pipelines.config.input_section import SPLIT_NAME
from shardmill.pipelines.config.table import Table
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.json_shapes import Count, Fraction, NotRequired, SplitName
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.numbers.number_format import NumberFormat

# What reads rows imports Arrow, which a mistake in a configuration needn't wait for.
if TYPE_CHECKING:
    from shardmill.schemas.schema import Schema
    from shardmill.transforms.csv.selection import RowKey, SplitKey
    from shardmill.transforms.rows.splits import SplitRule

# How far the sum of fractions may be from 1: written by hand, thirds may be rounded.
FRACTIONS_TOLERANCE = 1e-3
MOST_FOLDS = 1000
_FOLDED = ("folds", "fold")
_BY_TIME = ("column", "train_until", "eval_until")
# Keys of `[split]` that are no split's share.
SPLIT_SETTINGS = ("by", "key", "stratify", *_FOLDED, *_BY_TIME)
_AFTER = {1: (TRAIN, "eval"), 2: (TRAIN, "eval", "test")}
_TIMES = "a date or time (2020-01-31, 2020-01-31T12:00:00) or a number"

Until = str | float
"""The end of a split: an ISO 8601 date or time, or a number."""


class TimeSettings(TypedDict):
    """`[split]` by time in a manifest.

    `until` has the ends of all splits but the last.
    """

    column: str
    until: Annotated[list[Until], Meta(min_length=1, max_length=2)]


class SplitSettings(TypedDict):
    """`[split]` in a manifest."""

    fractions: dict[SplitName, Fraction]
    key: list[str] | None
    time: NotRequired[TimeSettings]
    stratify: NotRequired[str]
    folds: NotRequired[Annotated[list[Count], Meta(min_length=2, max_length=2)]]


@dataclass(frozen=True)
class TimeSplit:
    """Rows by time: one split ends where the next begins.

    Attributes:
        column: The column of times.
        until: The ends of all splits but the last, ascending and exclusive: dates and times, or
            numbers.
    """

    column: str
    until: tuple[Until, ...]

    @property
    def numeric(self) -> bool:
        """Whether the column holds numbers rather than dates."""
        return not isinstance(self.until[0], str)

    @property
    def bounds(self) -> tuple[int, ...] | tuple[float, ...]:
        """The ends as numbers; of dates, as microseconds."""
        if self.numeric:
            return tuple(float(end) for end in self.until)
        return tuple(_microseconds(list(map(str, self.until))))


@dataclass(frozen=True)
class SplitConfig:
    """`[split]`: how rows are divided.

    Attributes:
        fractions: Each split's share of the keys; they sum to 1, and one split is `train`. Empty
            where rows are divided by time.
        key: The columns whose text decides a row's split; None means the whole row. With `time`,
            the columns of which values in several splits are counted.
        time: The division by time. None means by a hash of the key.
        stratify: The column within whose values the shares hold. None means that they hold of all
            rows.
        folds: The fold that is `eval`, and the number of folds. None means that there are none.
    """

    fractions: Mapping[str, float] = field(default_factory=dict)
    key: tuple[str, ...] | None = None
    time: TimeSplit | None = None
    stratify: str | None = None
    folds: tuple[int, int] | None = None

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "SplitConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        time, folds = settings.get("time"), settings.get("folds")
        key = settings["key"]
        return cls(
            settings["fractions"],
            None if key is None else tuple(key),
            TimeSplit(time["column"], tuple(time["until"])) if time else None,
            settings.get("stratify"),
            (folds[0], folds[1]) if folds else None,
        )

    @property
    def settings(self) -> dict[str, Any]:
        """All settings as plain data for the manifest."""
        settings: dict[str, Any] = {"fractions": dict(self.fractions), "key": self.key and list(self.key)}
        if self.time:
            settings["time"] = {"column": self.time.column, "until": list(self.time.until)}
        if self.stratify:
            settings["stratify"] = self.stratify
        if self.folds:
            settings["folds"] = list(self.folds)
        return settings

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the splits, in order."""
        return _AFTER[len(self.time.until)] if self.time else tuple(self.fractions)

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The columns that it names, by their setting."""
        found = {
            "key": self.key or (),
            "column": (self.time.column,) if self.time else (),
            "stratify": (self.stratify,) if self.stratify else (),
        }
        return {setting: names for setting, names in found.items() if names}

    def check_types(self, schema: "Schema", mistakes: Mistakes) -> None:
        """Checks that the column of times and the ends agree.

        Args:
            schema: The raw columns.
            mistakes: Collects the mistake.
        """
        from shardmill.schemas.schema import ColumnType

        if self.time is None or self.time.column not in schema:
            return
        is_text = schema[self.time.column].type is ColumnType.BYTES
        if is_text == self.time.numeric:
            wanted, has = ("a date or time", "text") if is_text else ("a number", "numbers")
            problem = (
                f"expected {wanted}, since column {self.time.column!r} holds {has}, received {self.time.until[0]!r}"
            )
            mistakes.add(ConfigError(problem), ("split", "train_until"))

    @property
    def described(self) -> str:
        """The splits on one line, for people."""
        if self.time:
            ends = [f"{name} until {end}" for name, end in zip(self.names, self.time.until, strict=False)]
            told = f"; values of {', '.join(map(repr, self.key))} in several are counted" if self.key else ""
            return f"{', '.join([*ends, f'{self.names[-1]} after'])}, by {self.time.column!r}{told}"
        shares = ", ".join(f"{name} {share:g}" for name, share in self.fractions.items())
        if self.folds:
            shares = f"eval is fold {self.folds[0]} of {self.folds[1]}, train the others"
        if self.stratify:
            return f"{shares}, in each value of {self.stratify!r}"
        return f"{shares}, rows that agree in {', '.join(map(repr, self.key))} together" if self.key else shares

    @property
    def rule(self) -> "SplitRule":
        """The rule that assigns rows to splits."""
        from shardmill.transforms.rows.splits import SplitRule

        if self.folds:
            return SplitRule.of_fold(*self.folds)
        return SplitRule(self.names, self.time.bounds) if self.time else SplitRule.of_fractions(self.fractions)

    @property
    def tracked(self) -> "SplitKey | None":
        """The key of which values in several splits are counted."""
        from shardmill.transforms.csv.selection import SplitKey

        return SplitKey(self.key) if self.time and self.key else None

    def row_key(self, names: tuple[str, ...], numbers: Mapping[str, NumberFormat]) -> "RowKey":
        """Returns the key that decides a row's split.

        Args:
            names: The names of all columns.
            numbers: The formats of numbers, by column.
        """
        from shardmill.transforms.csv.selection import SplitKey
        from shardmill.transforms.rows.stratum_key import StratumKey
        from shardmill.transforms.rows.time_key import TimeKey

        if self.time:
            return TimeKey(self.time.column, self.time.numeric, numbers.get(self.time.column))
        return StratumKey(self.stratify) if self.stratify else SplitKey(self.key or names)


def parse_split(table: Table) -> SplitConfig:
    """Checks `[split]`.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    if table.choice("by", ("key", "time")) == "time":
        return _parse_time(table)
    for name in _BY_TIME:
        if name in table.raw:
            raise table.error(name, 'is for splits by time; write by = "time", too, or remove it')
    key = table.strings("key") or None
    stratify = table.string("stratify") or None
    if key and stratify:
        raise table.error("stratify", "can't be used with key, whose rows stay together; remove one of them")
    folds = _parse_folds(table)
    fractions = {TRAIN: 1 - 1 / folds[1], "eval": 1 / folds[1]} if folds else _parse_fractions(table)
    return SplitConfig(fractions, key, stratify=stratify, folds=folds)


def _parse_fractions(table: Table) -> dict[str, float]:
    fractions = {}
    for name in table.raw:
        if name in SPLIT_SETTINGS:
            continue
        table.check_name(name, SPLIT_NAME, "a split's name of letters, digits and _")
        fractions[name] = table.number(name, above=0, maximum=1)
    if TRAIN not in fractions:
        raise table.error(
            None, f"expected a split {TRAIN!r}, which the statistics come from; received {sorted(fractions)}"
        )
    total = sum(fractions.values())
    # A fraction that isn't a number was refused before, and is 0 here.
    if all(fractions.values()) and abs(total - 1) > FRACTIONS_TOLERANCE:
        raise table.error(None, f"expected fractions that sum to 1, received {fractions}, which sum to {total:g}")
    return {name: fraction / (total or 1) for name, fraction in fractions.items()}


def _parse_folds(table: Table) -> tuple[int, int] | None:
    if not any(name in table.raw for name in _FOLDED):
        return None
    for name in table.raw:
        if name not in SPLIT_SETTINGS:
            raise table.error(name, "can't be used with folds: eval is one fold, train the others; remove it")
    folds = table.integer("folds", minimum=2, maximum=MOST_FOLDS, default=0)
    if "fold" not in table.raw and folds:
        raise table.error(
            "fold",
            f"expected the fold that is eval, 0 to {folds - 1}; run once for each: --set split.fold=0, and so on",
        )
    return table.integer("fold", minimum=0, maximum=max(folds - 1, 0)), max(folds, 2)


def _parse_time(table: Table) -> SplitConfig:
    for name in table.raw:
        if name not in ("by", "key", *_BY_TIME):
            raise table.error(name, "can't be used with by = \"time\": the rows' times decide their split; remove it")
    for name in ("column", "train_until"):
        if name not in table.raw:
            example = 'column = "date", train_until = 2020-01-01'
            raise table.error(name, f'expected with by = "time", for example {example}, but it is absent')
    until = tuple(_until(table, name) for name in _BY_TIME[1:] if name in table.raw)
    time = TimeSplit(table.string("column"), until)
    if len({isinstance(end, str) for end in until}) > 1:
        raise table.error("eval_until", f"expected the same as train_until, two dates or two numbers, received {until}")
    if sorted(set(time.bounds)) != list(time.bounds):
        raise table.error("eval_until", f"expected more than train_until, {until[0]!r}, received {until[1]!r}")
    return SplitConfig(key=table.strings("key") or None, time=time)


def _until(table: Table, name: str) -> Until:
    value = table.raw[name]
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    text = value.isoformat() if isinstance(value, date) else value
    is_number = isinstance(text, int | float) and not isinstance(text, bool) and text - text == 0
    if not is_number and (not isinstance(text, str) or None in _microseconds([text])):
        raise table.error(name, f"expected {_TIMES}, received {value!r}")
    return text


def _microseconds(texts: list[str]) -> list[int]:
    """The times since 1970; None where a text is none."""
    from shardmill.transforms.numbers.iso_times import iso_times

    found: list[int] = iso_times(texts).to_pylist()
    return found
