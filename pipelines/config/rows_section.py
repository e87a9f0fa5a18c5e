"""The configuration's `[rows]`: which rows are used."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypedDict

from shardmill.pipelines.config.row_settings import (
    DedupConfig,
    DedupSettings,
    DownsampleConfig,
    DownsampleSettings,
    parse_dedup,
    parse_downsample,
)
from shardmill.pipelines.config.table import Table
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.json_shapes import Count, Fraction, NotRequired
from shardmill.schemas.mistakes import Mistakes

# What reads rows imports Arrow, which a mistake in a configuration needn't wait for.
if TYPE_CHECKING:
    from shardmill.schemas.schema import Schema
    from shardmill.transforms.filtering.row_filter import RowFilter
    from shardmill.transforms.rows.splits import SplitRule


class SampleSettings(TypedDict):
    """`[rows] sample` in a manifest."""

    fraction: Fraction
    key: list[str] | None
    seed: Count


class RowSettings(TypedDict):
    """`[rows]` in a manifest."""

    where: str | None
    sample: SampleSettings | None
    downsample: NotRequired[DownsampleSettings]
    dedup: NotRequired[DedupSettings]


@dataclass(frozen=True)
class SampleConfig:
    """`[rows] sample`: a share of the rows.

    Attributes:
        fraction: The share of the keys that is kept.
        key: The columns whose text decides. None means the whole row.
        seed: Changes the keys that are kept.
    """

    fraction: float
    key: tuple[str, ...] | None = None
    seed: int = 0


@dataclass(frozen=True)
class RowsConfig:
    """`[rows]`: which rows are used.

    Attributes:
        where: The condition that must hold for a row. None means no condition.
        sample: The share of those rows that is used. None means all.
        downsample: Which values have fewer rows in `train`. None means none.
        dedup: The key of which only the first row is used. None means that rows aren't compared.
    """

    where: str | None = None
    sample: SampleConfig | None = None
    downsample: DownsampleConfig | None = None
    dedup: DedupConfig | None = None

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "RowsConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        sample, downsample, dedup = settings["sample"], settings.get("downsample"), settings.get("dedup")
        key = sample and sample["key"]
        return cls(
            settings["where"],
            sample and SampleConfig(sample["fraction"], None if key is None else tuple(key), sample["seed"]),
            downsample and DownsampleConfig.of_settings(downsample),
            dedup and DedupConfig.of_settings(dedup),
        )

    @property
    def settings(self) -> dict[str, Any]:
        """All settings as plain data for the manifest."""
        sample = self.sample
        settings: dict[str, Any] = {
            "where": self.where,
            "sample": sample
            and {"fraction": sample.fraction, "key": sample.key and list(sample.key), "seed": sample.seed},
        }
        given = {"downsample": self.downsample, "dedup": self.dedup}
        return settings | {name: each.settings for name, each in given.items() if each}

    @property
    def condition_columns(self) -> tuple[str, ...]:
        """The columns that `where` names."""
        if self.where is None:
            return ()
        from shardmill.transforms.filtering.condition import fields_of
        from shardmill.transforms.filtering.condition_parser import parse_condition

        return tuple(dict.fromkeys(field.name for field in fields_of(parse_condition(self.where))))

    @property
    def named_columns(self) -> Mapping[tuple[str, ...], tuple[str, ...]]:
        """The columns that settings besides `where` name, by their keys."""
        found: dict[tuple[str, ...], tuple[str, ...]] = {}
        if self.sample:
            found["sample", "key"] = self.sample.key or ()
        if self.dedup:
            found["dedup",] = self.dedup.key or ()
        if self.downsample:
            found |= {
                ("downsample", "column"): (self.downsample.column,),
                ("downsample", "key"): self.downsample.key or (),
            }
        return found

    def check(self, schema: "Schema", mistakes: Mistakes) -> None:
        """Checks the condition and the values against the types.

        Args:
            schema: The raw columns.
            mistakes: Collects the mistakes.
        """
        if self.downsample is not None:
            self.downsample.check(schema, mistakes)
        if self.where is None:
            return
        from shardmill.transforms.filtering.condition import check_condition
        from shardmill.transforms.filtering.condition_parser import parse_condition

        try:
            check_condition(parse_condition(self.where), schema)
        except ValueError as error:
            mistakes.add(ConfigError(str(error)), ("rows", "where"))

    def for_new_rows(self, labels: Collection[str]) -> "RowsConfig":
        """Returns the settings for new rows.

        Samples are for training, and so is a condition on a label, which new rows may lack. Each of
        them is wanted, even if it repeats another.

        Args:
            labels: The columns of labels.
        """
        lacking = set(labels) & set(self.condition_columns)
        return replace(self, where=None if lacking else self.where, sample=None, downsample=None, dedup=None)

    def row_filter(self, schema: "Schema", splits: "SplitRule", folder: str) -> "RowFilter | None":
        """Returns the filter of rows; None where all are used.

        Args:
            schema: The raw columns.
            splits: The splits of rows.
            folder: The folder of the files that say which rows repeat others.
        """
        from shardmill.transforms.csv.selection import SplitKey
        from shardmill.transforms.filtering.condition_parser import parse_condition
        from shardmill.transforms.filtering.row_filter import RowFilter, RowSample
        from shardmill.transforms.repeats.repeat_files import Repeats

        if self == RowsConfig():
            return None
        sample, dedup = self.sample, self.dedup
        return RowFilter(
            None if self.where is None else parse_condition(self.where),
            tuple(schema[name] for name in self.condition_columns),
            None if sample is None else RowSample(sample.fraction, SplitKey(sample.key or schema.names), sample.seed),
            None if self.downsample is None else self.downsample.downsample(schema, splits),
            None if dedup is None else Repeats(SplitKey(dedup.key or schema.names), folder, dedup.rejects),
        )


def parse_rows(table: Table) -> RowsConfig:
    """Checks `[rows]`.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    table.check_keys(("where", "sample", "downsample", "dedup", "on_duplicate"))
    return RowsConfig(_parse_where(table), _parse_sample(table), parse_downsample(table), parse_dedup(table))


def _parse_where(table: Table) -> str | None:
    where = table.string("where") or None
    if where is None:
        return None
    from shardmill.transforms.filtering.condition_parser import parse_condition

    try:
        parse_condition(where)
    except ValueError as error:
        table.refuse("where", str(error))
        return None
    return where


def _parse_sample(table: Table) -> SampleConfig | None:
    value = table.raw.get("sample")
    if value is None:
        return None
    if not isinstance(value, dict):
        return SampleConfig(table.number("sample", above=0, maximum=1, default=1))
    sample = table.table("sample")
    sample.check_keys(("fraction", "key", "seed"))
    if "fraction" not in value:
        raise sample.error("fraction", "expected a number above 0 and up to 1, which is absent")
    return SampleConfig(
        sample.number("fraction", above=0, maximum=1, default=1),
        sample.strings("key") or None,
        sample.integer("seed", minimum=0, maximum=2**63 - 1),
    )
