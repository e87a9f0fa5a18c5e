"""`[window]`: windows over ordered rows, each one record."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, TypedDict

from shardmill.pipelines.config.table import Table
from shardmill.schemas.json_shapes import AtLeastOne, Count
from shardmill.transforms.grouping.settings import Grouping, Window

_KEYS = ("size", "shift", "stride", "horizon", "group_by", "order_by", "forward_fill")


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
    def settings(self) -> dict[str, Any]:
        """All settings as plain data for the manifest."""
        return asdict(self)

    @property
    def grouping(self) -> Grouping:
        """How rows become records."""
        return Grouping(
            group_by=self.group_by,
            order_by=self.order_by,
            window=Window(size=self.size, shift=self.shift, stride=self.stride, horizon=self.horizon),
            forward_fill=self.forward_fill,
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
    found = _parse(root.table("window"))
    split = root.raw.get("split")
    if not found.group_by and isinstance(split, dict) and split.get("by") != "time":
        raise root.error(
            "split",
            'expected by = "time", since rows that a hash picks are no series, received shares of them; or name the columns that tell '
            "series apart in [window] group_by, and each series is in one split",
        )
    return found


def _parse(table: Table) -> WindowConfig:
    table.check_keys(_KEYS)
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
