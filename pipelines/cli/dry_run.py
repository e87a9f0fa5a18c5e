"""`--dry-run`: prints what a run would read and write.

The configuration is checked; nothing is written.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import typer

from shardmill.pipelines.apply import Application, check_split
from shardmill.pipelines.config.grouped_sections import Grouped
from shardmill.pipelines.config.load import Config
from shardmill.pipelines.config.output_section import SHARDINGS
from shardmill.pipelines.config.rows_section import RowsConfig
from shardmill.pipelines.config.split_section import SplitConfig
from shardmill.pipelines.console.printable import one_line
from shardmill.pipelines.console.summary import format_bytes
from shardmill.pipelines.engines.beam_options import set_file_options
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job import input_files
from shardmill.pipelines.job.column_types import load_any_schema
from shardmill.pipelines.job.infer_schema import column_names
from shardmill.pipelines.job.preflight import assume_types
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.holding import check_not_source
from shardmill.pipelines.run_folder.output_folder import check_apart, check_output_folder
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.messages import plural
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.run_folder import SUCCESS, TRAIN
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.features.placeholder import dummy_statistics
from shardmill.transforms.features.registry import allowed_types, parse_features
from shardmill.transforms.files import files
from shardmill.transforms.kinds.base import Kind

_GAP = "  "
_UNKNOWN_TYPES = (
    "not checked: whether features take the columns' types, which a run finds in the data; a schema file tells them before "
    "([input] schema; `shardmill init` writes one)"
)


def print_run(config: Config, engine: Engine, *, overwrite: bool) -> None:
    """Prints what `run` would do.

    Args:
        config: The configuration, checked by `preflight`.
        engine: The engine that would run it.
        overwrite: Whether a finished run at the output may be replaced.

    Raises:
        ShardmillError: A check of remote files, or of the input's headers, fails.
    """
    assert config.output.dir is not None
    set_file_options(engine)
    inputs = input_files.list_files(config.input.patterns)
    _check_target(config.output.dir, inputs, overwrite=overwrite)
    features, unchecked = _feature_lines(config, inputs)
    found = "no mistakes found without reading the data" if unchecked else "no mistakes found"
    lines = [
        f"{config.path}: {found}; this is what a run would do, nothing was written",
        *_input_lines(inputs),
        *_row_lines(config.rows),
        f"splits: {config.split.described if config.split else ', '.join(config.splits)}",
        *_record_lines(config.grouped),
        *features,
        *_output_lines(config.output.dir, config.resolved()["output"], engine, overwrite=overwrite),
        *unchecked,
    ]
    _print(lines)


def print_application(application: Application, output: str, engine: Engine, *, overwrite: bool) -> None:
    """Prints what `apply` would do.

    Args:
        application: The run and the files that it would be applied to.
        output: The folder that would be written.
        engine: The engine that would run it.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        ShardmillError: The run, the files or the folder can't be used.
    """
    set_file_options(engine)
    run = FinishedRun.load(application.folder)
    check_not_source(application.folder, output)
    check_split(run, application.split)
    inputs = input_files.list_files({application.split: application.patterns})
    _check_target(output, inputs, overwrite=overwrite)
    config = run.manifest["config"]
    split = None if application.split else config.get("split")
    splits = SplitConfig.of_settings(split).described if split else application.split or TRAIN
    function = config.get("preprocessing_fn")
    lines = [
        f"{run.folder}: no mistakes found; this is what apply would do, nothing was written",
        *_input_lines(inputs),
        *_row_lines(run.rows.for_new_rows(_labels(config["features"]))),
        f"splits: {splits}",
        *_record_lines(run.grouped),
        f"features: returned by {function}" if function else "features",
        *_aligned(_feature_row(*item) for item in config["features"].items()),
        *_output_lines(output, config["output"], engine, overwrite=overwrite),
    ]
    _print(lines)


def _print(lines: Sequence[str]) -> None:
    """Prints lines. Untrusted names in them can't break a line."""
    typer.echo("\n".join(one_line(line) for line in lines))


def _check_target(output: str, inputs: Sequence[InputFile], *, overwrite: bool) -> None:
    folder = os.path.realpath(output) if files.is_local(output) else output
    check_output_folder(folder, overwrite=overwrite)
    check_apart(inputs, folder)


def _input_lines(inputs: Sequence[InputFile]) -> list[str]:
    total = format_bytes(sum(each.size for each in inputs))
    rows = ((each.path, format_bytes(each.size), each.split or "") for each in inputs)
    return [f"input: {plural(len(inputs), 'file')}, {total}", *_aligned(rows)]


def _labels(features: Mapping[str, Any]) -> set[str]:
    """Returns the columns of labels."""
    tables = {name: {"kind": value} if isinstance(value, str) else value for name, value in features.items()}
    return {str(table.get("column", name)) for name, table in tables.items() if table["kind"] == "label"}


def _row_lines(rows: RowsConfig | None) -> list[str]:
    told = []
    if rows and rows.where:
        told.append(f"where {rows.where}")
    if rows and rows.dedup:
        told.append(rows.dedup.described)
    if rows and rows.sample:
        names = rows.sample.key or ()
        key = f", rows that agree in {', '.join(map(repr, names))} together" if names else ""
        told.append(f"a sample of {rows.sample.fraction:g}{key}")
    if rows and rows.downsample:
        told.append(rows.downsample.described)
    return [f"rows: {'; '.join(told)}"] if told else []


def _record_lines(grouped: Grouped | None) -> list[str]:
    return [] if grouped is None else [f"records: {grouped.described}"]


def _output_lines(output: str, settings: Mapping[str, Any], engine: Engine, *, overwrite: bool) -> list[str]:
    sharding = next(
        f"{settings[name]:,} {name.replace('_', ' ')}" + (" per split" if name == "shards" else "")
        for name in SHARDINGS
        if settings[name] is not None
    )
    compression = f"gzip, level {settings['level']}" if settings["compression"] == "gzip" else "not compressed"
    replaced = overwrite and files.exists(files.join(output, SUCCESS))
    note = "; a finished run is there, which would be replaced" if replaced else ""
    return [f"output: {output}: {sharding}, {compression}{note}", f"engine: {engine.name}"]


def _feature_lines(config: Config, inputs: Sequence[InputFile]) -> tuple[list[str], list[str]]:
    """Checks columns and describes features, and what wasn't checked."""
    given = load_any_schema(config.input.schema) if config.input.schema else None
    names = given.names if given else column_names(inputs, config.input.dialect)
    mistakes = Mistakes()
    config.check_columns(names, mistakes)
    if config.preprocessing_fn or config.derive:
        config.source.raise_any(mistakes)
        return _function_lines(config), []
    outputs: dict[str, tuple[Kind, list[str]]] = {}
    unchecked: list[str] = []
    with mistakes.at("features"):
        allowed = allowed_types(config.features, names, config.split_key)
        unchecked = _unchecked(given, allowed)
        outputs = _outputs(config, given or [Column(name, ColumnType.INT) for name in names], allowed)
    config.source.raise_any(mistakes)
    count = len({kind.name for kind, _ in outputs.values()})
    rows = ((name, kind.kind, ", ".join(kind.columns), " or ".join(types)) for name, (kind, types) in outputs.items())
    found = "" if given else "; a run finds the columns' types"
    return [f"features: {count:,}, with {len(outputs):,} outputs{found}", *_aligned(rows)], unchecked


def _function_lines(config: Config) -> list[str]:
    if config.preprocessing_fn:
        return [f"features: returned by {config.preprocessing_fn}, known when a run has traced it"]
    title = f"features, also of columns that {config.derive} makes, known when a run has traced it"
    return [title, *_aligned(_feature_row(*item) for item in config.features.items())]


def _unchecked(given: Schema | None, allowed: Mapping[str, frozenset[ColumnType]]) -> list[str]:
    """Says which types only the data tells.

    Text is read as numbers where features take only these and most of its cells are numbers.
    """
    if given is None:
        return [_UNKNOWN_TYPES]
    return [
        f"not checked: whether most cells of column {column.name!r} are numbers, as its features need; "
        f"it is text in {column.origin!r}"
        for column in given
        if column.type is ColumnType.BYTES and ColumnType.BYTES not in allowed.get(column.name, ColumnType)
    ]


def _feature_row(name: str, value: Any) -> tuple[str, str]:
    """Formats a line of `[features]`, nearly as in the file."""
    return name, value if isinstance(value, str) else json.dumps(dict(value))


def _outputs(
    config: Config, columns: Iterable[Column], allowed: Mapping[str, frozenset[ColumnType]]
) -> dict[str, tuple[Kind, list[str]]]:
    """Returns each output's feature and types.

    An output has several types where its column's type isn't known yet.
    """
    found: dict[str, tuple[Kind, list[str]]] = {}
    for wanted in ColumnType:
        known = columns if isinstance(columns, Schema) else [replace(column, type=wanted) for column in columns]
        schema = assume_types(known, allowed, wanted)
        kinds = parse_features(config.features, schema, config.split_key)
        statistics = dummy_statistics(kinds, schema)
        for kind in kinds:
            for spec in kind.outputs(schema, statistics):
                dtype = _dtype(kind, schema, spec)
                types = found.setdefault(spec.name, (kind, []))[1]
                if dtype not in types:
                    types.append(dtype)
    return found


def _dtype(kind: Kind, schema: Schema, spec: FeatureSpec) -> str:
    if spec.shape is None:
        return f"{spec.dtype}[varying]"
    # The length of a vocabulary's vectors is known after the analysis.
    dims = ("n" if kind.requests(schema) and spec.dtype == "float32" else str(size) for size in spec.shape)
    return spec.dtype + (f"[{', '.join(dims)}]" if spec.shape else "")


def _aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Formats rows as lines with aligned columns."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        _GAP + _GAP.join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in table
    ]
