"""`shardmill apply`: transforms new CSV with a run's graph."""

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
from shardmill.pipelines.job.run_job import RunResult, job_folders, run_job
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_not_source, copy_held, naming_run
from shardmill.pipelines.validate.before_run import validate_new
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.run_folder import METADATA, TRANSFORM_FN, TRANSFORMED_METADATA
from shardmill.transforms.csv.dialect import APPLIED_HINT
from shardmill.transforms.files import files
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.splits import SplitRule
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.session import load_session
from shardmill.transforms.workers import phases

# Folders that an applied run copies from the run that made its graph.
_COPIED = (METADATA, TRANSFORMED_METADATA, TRANSFORM_FN)


@dataclass(frozen=True)
class Application:
    """A finished run and the files to apply it to.

    Attributes:
        folder: The folder of the finished run that has the graph.
        patterns: The new files.
        split: The split that all rows go to. None means that rows are split as in the run.
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
    """Applies a run's graph to new files.

    Splits, shards and their compression are as in the run. A label may be missing, and its columns,
    too, where nothing else needs them; if it was required, it is then empty in the row's Example.

    Args:
        application: The finished run and the new files.
        output: The folder to write; it will be a run's folder itself.
        overwrite: Whether a finished run there may be replaced.
        engine: The engine that runs it.
        progress: Shows the progress.

    Raises:
        ShardmillError: The run failed; nothing is left that looks finished.
    """
    if engine.is_dataflow:
        from shardmill.pipelines.engines.dataflow import check_paths

        # The run itself may be local: the files that workers need are copied.
        check_paths([*(("input", pattern) for pattern in application.patterns), ("output", output)])
    phases.reset()
    set_file_options(engine)
    run = FinishedRun.load(application.folder)
    check_not_source(application.folder, output)
    check_split(run, application.split)
    try:
        with terminable(), job_folders(output, overwrite=overwrite, engine=engine) as folders:
            job = _plan(run, application, folders.work)
            found = validate_new(run, job.reading.selection.optional, job.inputs, folders.work, engine, progress)
            job = replace(job, planned=found.units, facts={**job.facts, **found.anomalies})
            return run_job(job, folders, engine, progress)
    except DataError as error:
        # The messages are those of `run`, and may advise settings, which `apply` doesn't have.
        if "[input" not in str(error) and "[sequence]" not in str(error):
            raise
        raise DataError(f"{error}\n{APPLIED_HINT}") from error


def check_split(run: FinishedRun, split: str | None) -> None:
    """Checks the split for all new rows.

    Args:
        run: The run that is applied.
        split: The split. None means that rows are split as in the run.

    Raises:
        ConfigError: It isn't a valid name, or it is None and the run was split by file.
    """
    if split is not None and not re.fullmatch(SPLIT_NAME, split):
        raise ConfigError(f"--split: expected a split's name of letters, digits and _, received {split!r}")
    if split is None and run.splits_by_file:
        names = ", ".join(map(repr, run.split_rule.names))
        raise ConfigError(
            f"{run.folder!r} was split by file ({names}), so nothing says which split the new rows are; give --split NAME"
        )


def _plan(run: FinishedRun, application: Application, work: str) -> Job:
    """Plans the job and copies the run's graph for it."""
    inputs = input_files.list_files({application.split: application.patterns})
    held = copy_held(run, _COPIED, work)
    graph = Graph(files.join(work, TRANSFORM_FN))
    config, optional = run.manifest["config"], _optional(run, graph)
    return Job(
        inputs=inputs,
        reading=_reading(run, graph, application.split, optional, work),
        schema=run.schema,
        features=FinishedGraph(graph),
        max_bad_fraction=config["input"]["max_bad_fraction"],
        shard_rule=run.shard_rule,
        level=run.level,
        work=work,
        held=held,
        grouping=run.grouping,
        facts={
            "applied": {"manifest_sha256": run.digest},
            "config": _config(run, application, optional),
            "versions": versions(),
        },
    )


def _optional(run: FinishedRun, graph: Graph) -> frozenset[str]:
    """Returns the columns that new rows may lack."""
    row_graph = run.reading(graph).row_graph
    with naming_run(run, graph.folder.removesuffix(f"/{TRANSFORM_FN}")):
        session = load_session(graph.local_folder())
        checked = () if row_graph is None else load_session(graph.local_folder(), row_graph.signature).inputs
    # Of these the analysis alone had a use.
    unread = {column.name for column in run.selection.columns}.difference(session.inputs, checked)
    grouped = () if run.grouping is None else run.grouping.columns
    return run.selection.optional.union(unread, *session.labels.values()).difference(grouped)


def _reading(run: FinishedRun, graph: Graph, split: str | None, optional: frozenset[str], work: str) -> Reading:
    """Returns the run's reading, with optional columns of labels."""
    reading = run.reading(graph)
    rows = run.rows.for_new_rows(optional)
    return replace(
        reading,
        row_graph=reading.row_graph and reading.row_graph.without_labels,
        selection=replace(
            run.selection,
            optional=optional,
            key=None if split else run.selection.key,
            tracked=None if split else run.selection.tracked,
            filter=rows.row_filter(run.schema, run.split_rule, work),
        ),
        split_rule=SplitRule((split,)) if split else run.split_rule,
        # The new rows' labels are in no mean.
        fold_rule=None,
        fail_on_bad_row=run.manifest["config"]["input"]["on_bad_row"] == "fail",
    )


def _config(run: FinishedRun, application: Application, optional: frozenset[str]) -> dict[str, Any]:
    """Returns the run's settings with the new files."""
    config = run.manifest["config"]
    patterns = list(application.patterns)
    files_of = {application.split: patterns} if application.split else patterns
    changed: dict[str, Any] = {**config, "input": {**config["input"], "files": files_of}}
    if application.split:
        changed.pop("split", None)
    if "rows" in config:
        changed["rows"] = run.rows.for_new_rows(optional).settings
    return changed
