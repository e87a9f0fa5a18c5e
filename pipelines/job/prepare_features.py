"""Prepares the features, declared or of a TF Transform function.

Functions are traced, and the files that a job needs copied to where its workers read them.

Declared features may use columns that a `derive` function makes.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType

from shardmill.pipelines.config.fold_key import check_folds
from shardmill.pipelines.config.load import Config
from shardmill.pipelines.config.table import naming
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.graph_sources import DeclaredFeatures, GraphSource, TransformFunction
from shardmill.pipelines.job.job import parts_folder
from shardmill.pipelines.run_folder.earlier_vocabularies import take_earlier
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.installing import install_command
from shardmill.schemas.messages import suggest
from shardmill.schemas.run_folder import TRANSFORM_FN
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.files import copying, files
from shardmill.transforms.files.temporary import temporary_folder
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.graph import process
from shardmill.transforms.graph.derived_column import DeclaredGraph, DerivedColumn
from shardmill.transforms.kinds.base import Kind
from shardmill.transforms.kinds.categorical.vocabulary import VocabularyKind
from shardmill.transforms.numbers.list_cells import ListShape
from shardmill.transforms.numbers.refused import Refusal
from shardmill.transforms.runtime.analysis_graph import AnalysisGraph
from shardmill.transforms.runtime.c_library import without_notes
from shardmill.transforms.runtime.graph_folder import Graph
from shardmill.transforms.runtime.row_graph import RowGraph
from shardmill.transforms.statistics.requests import Statistics
from shardmill.transforms.trace import Features
from shardmill.transforms.workers import phases


@dataclass(frozen=True)
class JobFeatures:
    """The features of a job.

    Attributes:
        source: The source of the graph that makes them.
        columns: The raw columns that they are made of.
        required: The raw columns in which a missing value rejects the row.
        row_graph: The graph that makes derived columns, and rejects rows on which it fails. None
            means that there are no derived columns.
        derived: The derived columns.
        refused: Numbers that reject a row, by their raw columns.
        lists: What cells must be, or their rows are rejected; by raw columns of text.
        analysis_graph: The graph that makes tokens and numbers for the analysis. None means that
            it needs none.
        folded: Whether features need the folds of training rows.
    """

    source: GraphSource
    columns: frozenset[str]
    required: frozenset[str]
    row_graph: RowGraph | None = None
    derived: tuple[Column, ...] = ()
    refused: Mapping[str, frozenset[Refusal]] = field(default_factory=dict)
    lists: Mapping[str, frozenset[ListShape]] = field(default_factory=dict)
    analysis_graph: AnalysisGraph | None = None
    folded: bool = False


def prepare_features(config: Config, schema: Schema, work: str, engine: Engine, progress: Progress) -> JobFeatures:
    """Prepares the features of a configuration.

    Args:
        config: The configuration.
        schema: The raw columns.
        work: The folder to write into.
        engine: The engine that will run them.
        progress: Shows the phase in which functions are loaded, which takes TensorFlow seconds.

    Raises:
        ConfigError: The features don't fit the columns, or a function fails.
    """
    kinds = None
    if config.preprocessing_fn is None and config.derive is None:
        kinds = _parsed(config, schema)
        if not Features(kinds, schema).made and not any(kind.checks_rows for kind in kinds):
            return _declared(config, schema, work, kinds)
    progress.phase("load", 1)
    phases.start("load")
    if kinds is not None:
        prepared = _declared(config, schema, work, kinds)
    elif config.preprocessing_fn is not None:
        prepared = _function(config, config.preprocessing_fn, schema, _scratch(work, engine))
    else:
        assert config.derive is not None
        prepared = _derived(config, config.derive, schema, work)
    phases.add("load", 0, 1)
    return prepared


def _parsed(config: Config, columns: Schema) -> tuple[Kind, ...]:
    with naming(config.source):
        return parse_features(config.features, columns, config.split_key)


def _declared(
    config: Config,
    schema: Schema,
    work: str,
    kinds: tuple[Kind, ...],
    graph: Graph | None = None,
    derived: Mapping[str, DerivedColumn] | None = None,
) -> JobFeatures:
    derived = derived or {}
    every = Schema((*schema, *(each.column for each in derived.values())))
    with naming(config.source):
        check_folds(kinds, config.split, config.grouped)
        refused, lists = _refused(kinds, schema), _lists(kinds, schema)

    def raw(names: tuple[str, ...]) -> set[str]:
        return {source for name in names for source in (derived[name].sources if name in derived else (name,))}

    # One graph makes all derived columns at once, so all of their sources are read.
    sources = {source for each in derived.values() for source in each.sources}
    infinite = frozenset(
        each.name
        for each in schema
        if each.type is ColumnType.FLOAT and config.input.infinite_of(each.name) == "missing"
    )
    with naming(config.source):
        checking = _checking(kinds, derives=graph is not None)
    row_graph = _row_check(checking, schema, parts_folder(work)) if checking else None
    row_graph = row_graph if graph is None else _row_graph(graph, kinds, every, derived)
    with naming(config.source):
        extended = take_earlier(kinds, parts_folder(work))
    features = Features(extended.kinds, every, graph, _ship_vocabularies(kinds, parts_folder(work)), infinite)
    return JobFeatures(
        DeclaredFeatures(features, extended.kept),
        frozenset(sources | {source for kind in kinds for source in raw((*kind.columns, *kind.companions))}),
        frozenset(source for kind in kinds for source in raw(kind.required_columns(schema))),
        row_graph,
        tuple(each.column for each in derived.values()),
        refused,
        lists,
        _analysis_graph(features, parts_folder(work)),
        any(kind.uses_folds for kind in kinds),
    )


def _refused(kinds: Sequence[Kind], schema: Schema) -> dict[str, frozenset[Refusal]]:
    """The numbers that features refuse, by column."""
    found: dict[str, frozenset[Refusal]] = {}
    for kind in kinds:
        for column, refusal in kind.refusals().items():
            if column not in schema:
                raise kind.error(
                    f"expected a column of the data, whose {refusal} numbers reject their rows, received the derived "
                    f"column {column!r}; let `derive` give it no such numbers, or use the columns that it is made of"
                )
            found[column] = found.get(column, frozenset()) | {refusal}
    return found


def _lists(kinds: Sequence[Kind], schema: Schema) -> dict[str, frozenset[ListShape]]:
    """The shapes of cells that features need, by column."""
    found: dict[str, frozenset[ListShape]] = {}
    for kind in kinds:
        for column, shape in kind.list_shapes().items():
            if column not in schema:
                raise kind.error(
                    f"expected a column of the data, whose cells that aren't lists of numbers reject their rows, received the derived "
                    f"column {column!r}; let `derive` give the column of the data, or use `preprocessing_fn`"
                )
            if schema[column].type is ColumnType.BYTES:
                found[column] = found.get(column, frozenset()) | {shape}
    return found


def _analysis_graph(features: Features, folder: str) -> AnalysisGraph | None:
    """Traces the graph that makes values for the analysis.

    It is in the folder of part files, as that of derived columns.
    """
    made = features.made
    if not made:
        return None
    graph = Graph(files.join(folder, "made"))
    with tempfile.TemporaryDirectory(prefix="shardmill-made-") as local:
        process.shared().trace_made(made, features.schema, os.path.join(local, "graph"))
        copying.copy_folder(os.path.join(local, "graph"), graph.folder)
    return AnalysisGraph(graph, made)


def _checking(kinds: Sequence[Kind], *, derives: bool) -> tuple[Kind, ...]:
    """The features whose graph fails for some rows."""
    checking = tuple(kind for kind in kinds if kind.checks_rows)
    if derives and checking:
        raise checking[0].error(
            f"expected no `derive` beside `{checking[0].kind}`, received both; use `preprocessing_fn`"
        )
    return checking


def _row_check(kinds: tuple[Kind, ...], schema: Schema, folder: str) -> RowGraph:
    """Traces the features whose graph fails for some rows.

    Their graph is in the folder of part files, as that of derived columns.
    """
    target = files.join(folder, "check")
    with tempfile.TemporaryDirectory(prefix="shardmill-check-") as local:
        process.shared().build_graph(DeclaredGraph(kinds, schema, Statistics()), local)
        copying.copy_folder(os.path.join(local, TRANSFORM_FN), target)
    return RowGraph(Graph(target), declared=True)


def _row_graph(graph: Graph, kinds: Sequence[Kind], every: Schema, derived: Mapping[str, DerivedColumn]) -> RowGraph:
    """Makes the check of rows by their derived columns.

    Rows are rejected that lack a derived value which a feature needs.
    """
    needed = {
        is_label: {name for kind in kinds if kind.is_label == is_label for name in kind.required_columns(every)}
        for is_label in (True, False)
    }
    return RowGraph(
        graph,
        required=tuple(name for name in derived if name in needed[True] | needed[False]),
        labels=tuple(name for name in derived if name in needed[True] - needed[False]),
        derives=True,
    )


def _ship_vocabularies(kinds: Sequence[Kind], folder: str) -> dict[str, str]:
    """Copies given vocabularies to a folder that all workers read."""
    given = dict.fromkeys(kind.file for kind in kinds if isinstance(kind, VocabularyKind) and kind.file is not None)
    shipped = {}
    for number, file in enumerate(given):
        shipped[file] = files.join(folder, f"given-vocabulary-{number}")
        copying.copy(file, shipped[file])
    return shipped


def _derived(config: Config, reference: str, schema: Schema, work: str) -> JobFeatures:
    function = UserFunction.read(reference)
    # In the folder of part files, with which it is removed: the transform graph will contain it.
    folder = files.join(parts_folder(work), "derive")
    with tempfile.TemporaryDirectory(prefix="shardmill-derive-") as local:
        found = process.shared().trace_derive(function, schema, os.path.join(local, "graph"))
        copying.copy_folder(os.path.join(local, "graph"), folder)
    every = Schema((*schema, *(each.column for each in found)))
    return _declared(
        config, schema, work, _parsed(config, every), Graph(folder), {each.column.name: each for each in found}
    )


def _scratch(work: str, engine: Engine) -> str:
    """Returns a folder for TF Transform's temporary files.

    It is local where workers are in this process: TensorFlow writes these files, and it supports
    few stores and finds credentials in its own ways.
    """
    folder = parts_folder(work)
    return temporary_folder("function") if engine.in_process and not files.is_local(folder) else folder


def _function(config: Config, reference: str, schema: Schema, scratch: str) -> JobFeatures:
    function = UserFunction.read(reference)
    analyzer = _analyzer(config)
    analyzer.check_scratch(scratch)
    columns, outputs = analyzer.trace_columns(function, schema)
    if not columns:
        raise ConfigError(f"{function}: it uses no column; the columns are {', '.join(map(repr, schema.names))}")
    for label in config.labels:
        if label not in outputs:
            has = f"its outputs are {', '.join(map(repr, outputs))}"
            raise config.source.error(("label",), f"{function} has no output {label!r}{suggest(label, outputs, has)}")
    required = frozenset(name for name in columns if schema[name].required)
    return JobFeatures(TransformFunction(function, schema, config.labels, scratch), frozenset(columns), required)


def _analyzer(config: Config) -> ModuleType:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with without_notes():
            from shardmill.transforms import analyze_function
    except ModuleNotFoundError as error:
        raise config.source.error(
            ("preprocessing_fn",),
            f"needs TF Transform, but {error.name!r} isn't installed: {install_command('tft')} (Python 3.11 or later)",
        ) from error
    return analyze_function
