"""The main job: all that its pipeline needs to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shardmill.pipelines.job.graph_sources import GraphSource, RowLimits
from shardmill.schemas.run_folder import PARTS_FOLDER
from shardmill.schemas.schema import Schema
from shardmill.transforms.analyze import Reading
from shardmill.transforms.csv.units import UNIT_BYTES, InputFile
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.trace import Place


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that the pipeline needs to know.

    Attributes:
        inputs: The files, in order.
        reading: How rows come from them.
        schema: The raw columns.
        features: Where the graph that makes features of them comes from.
        max_bad_fraction: A larger part of bad rows stops the run.
        shard_rule: How rows are spread over shards.
        level: The DEFLATE level; None: not compressed.
        work: The folder to write into.
        facts: What the manifest says beyond counts: configuration and versions.
        held: The SHA-256 of files of the work folder that were put there to be used, by their path in it: they may not have changed.
        publish_to: The output folder, where the pipeline itself publishes, since nobody waits for a template's job; None: the submitting
            process does.
        overwrite: Whether the pipeline may then replace a finished run of another job.
        unit_bytes: The size of a unit, about: so much of a file is one worker's at a time.
    """

    inputs: Sequence[InputFile]
    reading: Reading
    schema: Schema
    features: GraphSource
    max_bad_fraction: float
    shard_rule: ShardRule
    level: int | None
    work: str
    facts: Mapping[str, Any]
    held: Mapping[str, str] = field(default_factory=dict)
    publish_to: str | None = None
    overwrite: bool = False
    unit_bytes: int = UNIT_BYTES

    @property
    def compressed(self) -> bool:
        """Whether shards are gzip files."""
        return self.level is not None

    @property
    def parts(self) -> str:
        """The folder of what isn't whole yet."""
        return parts_folder(self.work)

    @property
    def place(self) -> Place:
        """Where the graph goes."""
        return Place(self.work, self.parts)

    @property
    def read_again(self) -> Reading:
        """How rows come from the files once there is a graph."""
        return self.features.read_again(self.reading, self.work)

    @property
    def limits(self) -> RowLimits:
        """What the rows must be for the job to go on."""
        return RowLimits(self.max_bad_fraction, self.reading.split_rule if self.features.checks_splits else None)


def parts_folder(work: str) -> str:
    """Where the part files are, below the work folder."""
    return f"{work}/{PARTS_FOLDER}"
