"""What is announced before a job runs."""

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.graph_sources import FinishedGraph
from shardmill.pipelines.job.job import Job
from shardmill.pipelines.job.run_job import prepare_job
from shardmill.schemas.schema import Schema
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.grouping.settings import Grouping, Window
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.splits import ShardRule, SplitRule
from shardmill.transforms.runtime.graph_folder import Graph

SIZE = 100 << 20


def announced(job: Job) -> dict[str, float | None]:
    """The phases that a job announces, and their bytes."""
    progress = Progress(console=Console(file=io.StringIO(), force_terminal=True))
    prepare_job(job, Engine(), progress)
    return {task.description: task.total for task in progress._bars.tasks}


def job_in(work: Path) -> Job:
    """A job of one file with a finished graph."""
    return Job(
        inputs=[InputFile("a.csv", SIZE)],
        reading=Reading(dialect=Dialect(), selection=Selection((), ()), split_rule=SplitRule(("train",))),
        schema=Schema(()),
        features=FinishedGraph(Graph(str(work))),
        max_bad_fraction=0,
        shard_rule=ShardRule(),
        level=None,
        work=str(work),
        facts={},
    )


def test_a_job_that_takes_units_announces_no_scan(tmp_path: Path) -> None:
    """The job before it has scanned the files; one that plans them goes over all bytes once more."""
    job = job_in(tmp_path)
    taken = {"count": SIZE, "transform": SIZE, "write": None, "publish": None}
    assert announced(job) == {"scan": SIZE, **taken}
    assert announced(replace(job, planned="units.pickle")) == taken


def test_grouping_is_announced_before_the_transform(tmp_path: Path) -> None:
    """So that phases are numbered in the order in which they begin."""
    grouping = Grouping(group_by=("station",), order_by="day", window=Window(size=3, shift=1, stride=1, horizon=0))
    names = list(announced(replace(job_in(tmp_path), grouping=grouping)))
    assert names == ["scan", "count", "group", "transform", "write", "publish"]
