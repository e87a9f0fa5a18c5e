"""The configuration's `[rows] dedup` and `downsample`: fewer rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypedDict

from msgspec import Meta

from shardmill.pipelines.config.table import Table
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.json_shapes import Count
from shardmill.schemas.mistakes import Mistakes

# What reads rows imports Arrow, which a mistake in a configuration needn't wait for.
if TYPE_CHECKING:
    from shardmill.schemas.schema import Schema
    from shardmill.transforms.filtering.downsample import Downsample
    from shardmill.transforms.rows.splits import SplitRule

_WEIGHT = "weight"
# Rows are kept by a million buckets, of which a smaller share would keep none.
_LEAST_SHARE = 1e-6
_EXAMPLE = 'for example keep = { "0" = 0.1 }'


class DedupSettings(TypedDict):
    """`[rows] dedup` in a manifest."""

    key: list[str] | None
    on_duplicate: Literal["drop", "reject"]


@dataclass(frozen=True)
class DedupConfig:
    """`[rows] dedup`: one row of each key, the first.

    Attributes:
        key: The columns whose text is compared. None means the whole row.
        rejects: Whether other rows are rejected; else they are left out.
    """

    key: tuple[str, ...] | None = None
    rejects: bool = False

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "DedupConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        key = settings["key"]
        return cls(None if key is None else tuple(key), settings["on_duplicate"] == "reject")

    @property
    def settings(self) -> DedupSettings:
        """All settings as plain data for the manifest."""
        return {
            "key": None if self.key is None else list(self.key),
            "on_duplicate": "reject" if self.rejects else "drop",
        }

    @property
    def described(self) -> str:
        """The setting on one line, for people."""
        what = "of equal rows" if self.key is None else f"of those that agree in {', '.join(map(repr, self.key))}"
        return f"the first {what}, others {'rejected' if self.rejects else 'left out'}"


def parse_dedup(rows: Table) -> DedupConfig | None:
    """Checks `dedup` and `on_duplicate` in `[rows]`."""
    rejects = rows.choice("on_duplicate", ("drop", "reject")) == "reject"
    value = rows.raw.get("dedup", False)
    if value is False:
        if "on_duplicate" in rows.raw:
            rows.refuse("on_duplicate", 'is for dedup; write dedup = ["id"], too, or remove it')
        return None
    if value is True:
        return DedupConfig(None, rejects)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        rows.refuse("dedup", f'expected a list of columns (["id"]), or true for the whole row, received {value!r}')
        return None
    return DedupConfig(tuple(value), rejects)


class DownsampleSettings(TypedDict):
    """`[rows] downsample` in a manifest."""

    column: str
    keep: Annotated[dict[str, Annotated[float, Meta(gt=0, le=1)]], Meta(min_length=1)]
    weight: str
    key: list[str] | None
    seed: Count


@dataclass(frozen=True)
class DownsampleConfig:
    """`[rows] downsample`: fewer rows of some values in `train`.

    Attributes:
        column: The column of these values.
        keep: The share of the rows that is kept, by the value's text.
        weight: The feature that has, or is multiplied by, 1 / share.
        key: The columns whose text decides. None means the whole row.
        seed: Changes the rows that are kept.
    """

    column: str
    keep: Mapping[str, float]
    weight: str = _WEIGHT
    key: tuple[str, ...] | None = None
    seed: int = 0

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "DownsampleConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        key = settings["key"]
        return cls(**{**settings, "key": None if key is None else tuple(key)})

    @property
    def settings(self) -> DownsampleSettings:
        """All settings as plain data for the manifest."""
        return {
            "column": self.column,
            "keep": dict(self.keep),
            "weight": self.weight,
            "key": None if self.key is None else list(self.key),
            "seed": self.seed,
        }

    @property
    def described(self) -> str:
        """The setting on one line, for people."""
        shares = ", ".join(f"{share:g} of {value!r}" for value, share in self.keep.items())
        return f"in train {shares} by {self.column!r}, with weights in {self.weight!r}"

    def check(self, schema: "Schema", mistakes: Mistakes) -> None:
        """Checks that the values are of the column's type.

        Args:
            schema: The raw columns.
            mistakes: Collects the mistake.
        """
        if self.column not in schema:
            return
        from shardmill.transforms.filtering.downsample import values_of

        try:
            values_of(self.keep, schema[self.column])
        except ValueError as error:
            mistakes.add(ConfigError(str(error)), ("rows", "downsample", "keep"))

    def downsample(self, schema: "Schema", splits: "SplitRule") -> "Downsample":
        """Returns what chooses the rows.

        Args:
            schema: The raw columns.
            splits: The splits, of which `train` loses rows.
        """
        from shardmill.transforms.csv.selection import SplitKey
        from shardmill.transforms.filtering.downsample import Downsample

        key = SplitKey(self.key or schema.names)
        return Downsample(schema[self.column], self.keep, key, self.seed, splits, self.weight)


def parse_downsample(rows: Table) -> DownsampleConfig | None:
    """Checks `downsample` in `[rows]`.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    if "downsample" not in rows.raw:
        return None
    table = rows.table("downsample")
    table.check_keys(("column", "keep", "weight", "key", "seed"))
    for name, example in (("column", 'for example column = "label"'), ("keep", _EXAMPLE)):
        if name not in table.raw:
            raise table.error(name, f"expected with downsample, {example}, but it is absent")
    keep = table.table("keep")
    if not keep.raw:
        raise table.error(
            "keep", f"expected the share of rows to keep of at least one value, {_EXAMPLE}; received none"
        )
    return DownsampleConfig(
        table.string("column"),
        {value: _share(keep, value) for value in keep.raw},
        table.string("weight", _WEIGHT),
        table.strings("key") or None,
        table.integer("seed", minimum=0, maximum=2**63 - 1),
    )


def _share(keep: Table, value: str) -> float:
    """The share of the rows with a value."""
    path, found = [value], keep.raw[value]
    while isinstance(found, dict) and found:
        name, found = next(iter(found.items()))
        path.append(name)
    if path[1:]:
        key = ".".join(path)
        keep.refuse(value, f'expected a number, received the key {key} of tables in tables; write "{key}" in quotes')
        return 1
    return keep.number(value, minimum=_LEAST_SHARE, maximum=1, default=1)


def add_weight(
    root: Table, downsample: DownsampleConfig, features: Mapping[str, str | Mapping[str, Any]]
) -> dict[str, str | Mapping[str, Any]]:
    """Adds the feature of weights where it isn't declared.

    Args:
        root: The whole configuration.
        downsample: The setting.
        features: The features that the configuration declares.

    Returns:
        The features.
    """
    for other, why in (
        ("preprocessing_fn", "its features"),
        ("sequence", "groups lose rows, and"),
        ("window", "series lose rows, and"),
    ):
        if other in root.raw:
            _refuse(root, None, f"can't be used with {other}: {why} have no weights; remove one of them")
            return dict(features)
    kinds = {name: value if isinstance(value, str) else value["kind"] for name, value in features.items()}
    declared = [name for name, kind in kinds.items() if kind == _WEIGHT]
    name = downsample.weight
    if declared and declared[0] != name:
        _refuse(
            root,
            "weight",
            f"expected {declared[0]!r}, the feature of kind 'weight', whose values are multiplied, received {name!r}; "
            f"write weight = {declared[0]!r}",
        )
    elif name in kinds and not declared:
        _refuse(root, "weight", f'expected another name than that of the feature {name!r}; write weight = "row_weight"')
    elif not declared:
        return {**features, name: {"kind": _WEIGHT, "column": downsample.column, "constant": 1.0}}
    return dict(features)


def _refuse(root: Table, name: str | None, problem: str) -> None:
    key = ("rows", "downsample") if name is None else ("rows", "downsample", name)
    Table(root.file, key[:-1], {}, root.mistakes).refuse(key[-1], problem)
