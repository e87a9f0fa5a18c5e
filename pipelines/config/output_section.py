"""`[output]`: the run's folder and its shards."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from shardmill.pipelines.config.input_section import parse_path
from shardmill.pipelines.config.paths import output_problem
from shardmill.pipelines.config.table import Table
from shardmill.schemas.json_shapes import AtLeastOne, Count, NotRequired

SHARDINGS = ("shards", "rows_per_shard", "bytes_per_shard")
_DEFAULT_SHARDS = 8


class OutputSettings(TypedDict):
    """`[output]` in a manifest."""

    shards: AtLeastOne | None
    rows_per_shard: AtLeastOne | None
    bytes_per_shard: AtLeastOne | None
    shuffle: bool
    seed: Count
    compression: Literal["gzip", "none"]
    level: Annotated[int, Meta(ge=0, le=3)]
    format: NotRequired[Literal["example", "sequence_example"]]


@dataclass(frozen=True)
class OutputConfig:
    """`[output]`: the run's folder and its shards.

    Exactly one of `shards`, `rows_per_shard` and `bytes_per_shard` is set.

    Attributes:
        dir: The run's folder. None means that the command line must name it.
        shards: The number of shards of each split.
        rows_per_shard: The approximate maximum of rows in a shard.
        bytes_per_shard: The approximate maximum of a shard's bytes of records, before compression.
        shuffle: Whether a seeded hash spreads rows over shards; else they keep their order.
        seed: The seed of that hash, which decides the rows that share a shard.
        compression: The compression of shards.
        level: The level of DEFLATE, 0 to 3.
        format: Whether a record is an Example of a row, or a SequenceExample of a group of rows.
    """

    dir: str | None = None
    shards: int | None = _DEFAULT_SHARDS
    rows_per_shard: int | None = None
    bytes_per_shard: int | None = None
    shuffle: bool = True
    seed: int = 0
    compression: Literal["gzip", "none"] = "gzip"
    level: int = 1
    format: Literal["example", "sequence_example"] = "example"


def parse_output(table: Table, folder: str | None) -> OutputConfig:
    """Reads `[output]`.

    Args:
        table: The section.
        folder: Replaces `dir`.

    Raises:
        ConfigError: Keys or values aren't as expected.
    """
    table.check_keys(("dir", *SHARDINGS, "shuffle", "seed", "compression", "level", "format"))
    given = [name for name in SHARDINGS if name in table.raw]
    if len(given) > 1:
        table.refuse(None, f"expected one of {', '.join(SHARDINGS)}, received {' and '.join(given)}")
    sharding = {name: table.integer(name, minimum=1) if name in given else None for name in SHARDINGS}
    if not given:
        sharding["shards"] = _DEFAULT_SHARDS
    configured = parse_path(table, "dir", output_problem)
    return OutputConfig(
        dir=configured if folder is None else folder,
        shuffle=table.boolean("shuffle", default=True),
        seed=table.integer("seed", default=0, minimum=0, maximum=2**63 - 1),
        compression=table.choice("compression", ("gzip", "none")),  # type: ignore[arg-type]
        level=table.integer("level", default=1, minimum=0, maximum=3),
        format=table.choice("format", ("example", "sequence_example")),  # type: ignore[arg-type]
        **sharding,
    )
