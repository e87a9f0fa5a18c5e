"""`shardmill apply`: new CSV through a finished run's graph, without analysis."""

import re
from dataclasses import dataclass, replace
from typing import Any

from shardmill.pipelines.config.input_section import SPLIT_NAME
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.beam_options import set_file_options
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.graph_sources import FinishedGraph
from shardmill.pipelines.job.interruption import terminable
from shardmill.pipelines.job.job import Job
from shardmill.pipelines.job.plan import versions
from shardmill.pipelines.job.run_job import RunResult, open_place, run_job
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_not_source, copy_held, naming_run
from shardmill.pipelines.run_folder.manifest_keys import Settings
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.run_folder import METADATA, TRANSFORM_FN, TRANSFORMED_METADATA
from shardmill.transforms.analyze import Reading
from shardmill.transforms.csv.dialect import APPLIED_HINT
from shardmill.transforms.files import files
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.session import load
from shardmill.transforms.workers import phases

# What an applied run has of the run that made its graph.
_COPIED = (METADATA, TRANSFORMED_METADATA, TRANSFORM_FN)


@dataclass(frozen=True)
class Application:
    """What is applied to what.

    Attributes:
        folder: The folder of the finished run that has the graph.
        patterns: The new files.
        split: The split that all rows go to; None: they are split as the run's rows were.
    """

    folder: str
    patterns: tuple[str, ...]
    split: str | None = None


def apply(
    application: Application,
    output: str,
    *,
    overwrite: bool,
    engine: Engine,
    progress: Progress,
) -> RunResult:
    """Applies a run's graph to new files; splits, shards and their compression are the run's.

    A label may be missing, its columns too where nothing else needs them: then it is left empty in the row's Example, if it was required.

    Args:
        application: What to apply to what.
        output: The folder to write; it will be a run's folder itself.
        overwrite: Whether a finished run there may be replaced.
        engine: What runs it.
        progress: Shows how far it is.

    Raises:
        ShardmillError: What stopped it; nothing is left that looks finished.
    """
    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow import check_paths

        # The run may be on this machine: what workers need of it is copied.
        check_paths([*(("input", pattern) for pattern in application.patterns), ("output", output)])
    phases.reset()
    set_file_options(engine)
    run = FinishedRun.load(application.folder)
    check_not_source(application.folder, output)
    check_split(run, application.split)
    try:
        with terminable(), open_place(output, overwrite=overwrite, engine=engine) as place:
            return run_job(_plan(run, application, place.work), place, engine, progress)
    except DataError as error:
        # They are those of `run`, and advise what there is no place for here.
        if "[input" not in str(error):
            raise
        raise DataError(f"{error}\n{APPLIED_HINT}") from error


def check_split(run: FinishedRun, split: str | None) -> None:
    """Checks the split that all new rows are to go to.

    Args:
        run: The run that is applied.
        split: The split; None: rows are split as the run's were.

    Raises:
        ConfigError: It can't be a split's name, or there is none where the run's files were split by hand.
    """
    if split is not None and not re.fullmatch(SPLIT_NAME, split):
        raise ConfigError(f"--split: expected a split's name of letters, digits and _, received {split!r}")
    if split is None and run.splits_by_file:
        names = ", ".join(map(repr, run.split_rule.names))
        raise ConfigError(
            f"{run.folder!r} was split by file ({names}), so nothing says which split the new rows are; give --split NAME"
        )


def _plan(run: FinishedRun, application: Application, work: str) -> Job:
    """Plans the job, for which it copies what is used of the run."""
    inputs = input_files.list_files({application.split: application.patterns})
    held = copy_held(run, _COPIED, work)
    graph = Graph(files.join(work, TRANSFORM_FN))
    config = run.manifest["config"]
    return Job(
        inputs=inputs,
        reading=_reading(run, graph, application.split),
        schema=run.schema,
        features=FinishedGraph(graph),
        max_bad_fraction=config["input"]["max_bad_fraction"],
        shard_rule=run.shard_rule,
        level=run.level,
        work=work,
        held=held,
        facts={
            "applied": {"manifest_sha256": run.digest},
            "config": _config(config, application),
            "versions": versions(),
        },
    )


def _reading(run: FinishedRun, graph: Graph, split: str | None) -> Reading:
    """As the run read, but for labels: their columns may be missing."""
    with naming_run(run, graph.folder.removesuffix(f"/{TRANSFORM_FN}")):
        labels = load(graph.local_folder()).labels.values()
    optional = run.selection.optional.union(*labels)
    reading = run.reading(graph)
    return replace(
        reading,
        row_graph=reading.row_graph and reading.row_graph.without_labels,
        selection=replace(run.selection, optional=optional, key=None if split else run.selection.key),
        split_rule=SplitRule((split,)) if split else run.split_rule,
        fail_on_bad_row=run.manifest["config"]["input"]["on_bad_row"] == "fail",
    )


def _config(config: Settings, application: Application) -> dict[str, Any]:
    """The run's settings, with the new files."""
    patterns = list(application.patterns)
    files_of = {application.split: patterns} if application.split else patterns
    changed: dict[str, Any] = {**config, "input": {**config["input"], "files": files_of}}
    if application.split:
        changed.pop("split", None)
    return changed
