"""`[sequence]` and `[window]`: records of several rows.

Either groups of rows are records, or windows over ordered rows.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias, TypedDict

from shardmill.pipelines.config.table import Table
from shardmill.schemas.json_shapes import AtLeastOne, Count
from shardmill.transforms.grouping.settings import Grouping, Window

_MAX_LENGTH = 10_000


class SequenceSettings(TypedDict):
    """`[sequence]` in a manifest."""

    group_by: list[str]
    order_by: str | None
    context: list[str]
    max_length: AtLeastOne
    on_too_long: Literal["error", "truncate"]
    forward_fill: list[str]


@dataclass(frozen=True)
class SequenceConfig:
    """`[sequence]`.

    Attributes:
        group_by: The columns whose values the rows of a group share.
        order_by: The column by which a group's rows are ordered. None means the input's order.
        context: The features that a record has once.
        max_length: The most rows of a group.
        on_too_long: What becomes of longer groups.
        forward_fill: The columns whose missing cells take the value of the row before.
    """

    group_by: tuple[str, ...]
    order_by: str | None = None
    context: tuple[str, ...] = ()
    max_length: int = _MAX_LENGTH
    on_too_long: Literal["error", "truncate"] = "error"
    forward_fill: tuple[str, ...] = ()

    section: ClassVar[str] = "sequence"

    @classmethod
    def of_settings(cls, settings: SequenceSettings) -> "SequenceConfig":
        """Takes the settings from a manifest, already checked."""
        return cls(
            tuple(settings["group_by"]),
            settings["order_by"],
            tuple(settings["context"]),
            settings["max_length"],
            settings["on_too_long"],
            tuple(settings["forward_fill"]),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in which a missing cell rejects the row."""
        return (*self.group_by, *(() if self.order_by is None else (self.order_by,)))

    @property
    def described(self) -> str:
        """The records, for people."""
        order = f", in the order of {self.order_by!r}" if self.order_by else ""
        return f"groups of the rows that agree in {', '.join(map(repr, self.group_by))}{order}"

    @property
    def grouping(self) -> Grouping:
        """How rows become records."""
        return Grouping(
            group_by=self.group_by,
            order_by=self.order_by,
            context=self.context,
            max_length=self.max_length,
            truncate=self.on_too_long == "truncate",
            forward_fill=self.forward_fill,
        )


class WindowSettings(TypedDict):
    """`[window]` in a manifest."""

    size: AtLeastOne
    order_by: str
    group_by: list[str]
    shift: AtLeastOne
    stride: AtLeastOne
    horizon: Count
    forward_fill: list[str]


@dataclass(frozen=True)
class WindowConfig:
    """`[window]`.

    Attributes:
        size: The rows of a window.
        order_by: The column by which rows are ordered; it tells a group's rows apart.
        group_by: The columns whose values the rows of a series share. Empty where all rows of a
            split are one.
        shift: How many rows after a window's first row the next one's is.
        stride: How many rows after a row of a window its next one is.
        horizon: How many rows after a window's last row the one is whose labels it has.
        forward_fill: The columns whose missing cells take the value of the row before.
    """

    size: int
    order_by: str
    group_by: tuple[str, ...] = ()
    shift: int = 1
    stride: int = 1
    horizon: int = 0
    forward_fill: tuple[str, ...] = ()

    section: ClassVar[str] = "window"

    @classmethod
    def of_settings(cls, settings: WindowSettings) -> "WindowConfig":
        """Takes the settings from a manifest, already checked."""
        return cls(
            settings["size"],
            settings["order_by"],
            tuple(settings["group_by"]),
            settings["shift"],
            settings["stride"],
            settings["horizon"],
            tuple(settings["forward_fill"]),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns in which a missing cell rejects the row."""
        return (*self.group_by, self.order_by)

    @property
    def described(self) -> str:
        """The records, for people."""
        of = f", of the rows that agree in {', '.join(map(repr, self.group_by))}" if self.group_by else ""
        after = f", labels {self.horizon:,} after them" if self.horizon else ""
        return f"windows of {self.size:,} rows in the order of {self.order_by!r}{of}{after}"

    @property
    def grouping(self) -> Grouping:
        """How rows become records."""
        return Grouping(
            group_by=self.group_by,
            order_by=self.order_by,
            window=Window(size=self.size, shift=self.shift, stride=self.stride, horizon=self.horizon),
            forward_fill=self.forward_fill,
        )


Grouped: TypeAlias = SequenceConfig | WindowConfig


def parse_sequence(root: Table, output_format: str, *, shards: int | None, shuffle: bool) -> SequenceConfig | None:
    """Reads `[sequence]`, which goes with its format alone.

    None means that each row is a record.

    Args:
        root: The whole configuration.
        output_format: `[output] format`.
        shards: `[output] shards`.
        shuffle: `[output] shuffle`.

    Raises:
        ConfigError: The section and its format don't go together, or with the rest of `[output]`.
    """
    wanted = output_format == "sequence_example"
    if not wanted and "sequence" not in root.raw:
        return None
    if not wanted:
        raise root.error("sequence", 'is for [output] format = "sequence_example"; set it, or remove [sequence]')
    if shards is None:
        raise root.error(
            "output",
            'expected shards with format = "sequence_example", since groups are counted only while they are written',
        )
    if not shuffle:
        raise root.error("output", "shuffle = false can't keep the input's order of groups of rows; leave it out")
    return _parse_sequence(root.table("sequence", required=True))


def _parse_sequence(table: Table) -> SequenceConfig:
    table.check_keys(("group_by", "order_by", "context", "max_length", "on_too_long", "forward_fill"))
    if "group_by" not in table.raw:
        table.refuse(None, 'expected group_by, the columns whose rows become one record (group_by = ["user"])')
    return SequenceConfig(
        table.strings("group_by"),
        table.string("order_by") or None,
        table.strings("context"),
        table.integer("max_length", minimum=1, default=_MAX_LENGTH),
        table.choice("on_too_long", ("error", "truncate")),  # type: ignore[arg-type]
        table.strings("forward_fill"),
    )


def parse_window(root: Table, output_format: str, *, shards: int | None, shuffle: bool) -> WindowConfig:
    """Reads `[window]`.

    Args:
        root: The whole configuration.
        output_format: `[output] format`.
        shards: `[output] shards`.
        shuffle: `[output] shuffle`.

    Raises:
        ConfigError: The section doesn't go together with others.
    """
    if output_format != "example" or "sequence" in root.raw:
        raise root.error(
            "window",
            'makes tf.train.Examples of fixed shapes; remove it, or [sequence] and format = "sequence_example"',
        )
    if shards is None:
        raise root.error(
            "output", "expected shards with [window], since windows are counted only while they are written"
        )
    if not shuffle:
        raise root.error(
            "output",
            "shuffle = false can't keep the input's order of windows; leave it out: in each shard the windows of a group are in order",
        )
    found = _parse_window(root.table("window"))
    split = root.raw.get("split")
    if not found.group_by and isinstance(split, dict) and split.get("by") != "time":
        raise root.error(
            "split",
            'expected by = "time", since rows that a hash picks are no series, received shares of them; or name the columns that tell '
            "series apart in [window] group_by, and each series is in one split",
        )
    return found


def _parse_window(table: Table) -> WindowConfig:
    table.check_keys(("size", "shift", "stride", "horizon", "group_by", "order_by", "forward_fill"))
    if "size" not in table.raw:
        table.refuse(None, "expected size, the rows of a window (size = 24)")
    if "order_by" not in table.raw:
        table.refuse(None, 'expected order_by, the column by which rows are ordered (order_by = "time")')
    return WindowConfig(
        table.integer("size", minimum=1, default=1),
        table.string("order_by"),
        table.strings("group_by"),
        table.integer("shift", minimum=1, default=1),
        table.integer("stride", minimum=1, default=1),
        table.integer("horizon", minimum=0, default=0),
        table.strings("forward_fill"),
    )
