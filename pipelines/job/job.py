"""The main job: all that its pipeline needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shardmill.pipelines.job.graph_sources import GraphSource, RowLimits
from shardmill.schemas.run_folder import PARTS_FOLDER
from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.units import UNIT_BYTES, InputFile
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.splits import ShardRule
from shardmill.transforms.trace import Destination


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that the main job's pipeline needs.

    Attributes:
        inputs: The input files, in order.
        reading: The way to read rows from them.
        schema: The raw columns.
        features: The source of the graph that makes features of the columns.
        max_bad_fraction: The largest share of bad rows; a larger one stops the run.
        shard_rule: The rule that spreads rows over shards.
        level: The DEFLATE level. None means that shards aren't compressed.
        work: The folder to write into.
        facts: The manifest's content besides counts: configuration and versions.
        held: The SHA-256 of files that were copied into the work folder and mustn't change, by
            their path in it.
        publish_to: The output folder, if the pipeline itself publishes, since no process waits for
            a template's job. None means that the submitting process publishes.
        overwrite: Whether the pipeline may then replace a finished run of another job.
        unit_bytes: The approximate size of a unit in bytes, which one worker processes at a time.
        planned: The file of the units that an earlier job planned and read. None means that this
            job plans them.
        kept: The folder of findings of units, from which the analysis takes those of earlier runs,
            and to which it adds. None means that it keeps none.
        resume: The folder of finished units of a run that may be stopped. None means that a new run
            begins at the start.
        grouping: The groups whose rows become one record. None means that each row is a record.
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
    planned: str | None = None
    kept: KeptEntries | None = None
    resume: KeptEntries | None = None
    grouping: Grouping | None = None

    @property
    def compressed(self) -> bool:
        """Whether shards are gzip files."""
        return self.level is not None

    @property
    def parts(self) -> str:
        """The folder of files that aren't complete yet."""
        return parts_folder(self.work)

    @property
    def destination(self) -> Destination:
        """The folders that the graph is written to."""
        return Destination(self.work, self.parts, self.grouping)

    @property
    def read_again(self) -> Reading:
        """The way to read rows once there is a graph."""
        # The analysis has counted the tracked keys.
        reading = replace(self.reading, selection=replace(self.reading.selection, tracked=None))
        return self.features.read_again(reading, self.work)

    @property
    def limits(self) -> RowLimits:
        """The limits within which the job may go on."""
        splits = self.reading.split_rule if self.features.checks_splits else None
        return RowLimits(self.max_bad_fraction, self.reading.dialect, splits)


def parts_folder(work: str) -> str:
    """Returns the folder of part files in the work folder."""
    return f"{work}/{PARTS_FOLDER}"
