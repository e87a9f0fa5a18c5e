"""`[sequence]`: rows grouped by a key, each group one record."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal, TypedDict

from shardmill.pipelines.config.table import Table
from shardmill.schemas.json_shapes import AtLeastOne
from shardmill.transforms.grouping.settings import Grouping

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
    def settings(self) -> dict[str, Any]:
        """All settings as plain data for the manifest."""
        return asdict(self)

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
    return _parse(root.table("sequence", required=True))


def _parse(table: Table) -> SequenceConfig:
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
