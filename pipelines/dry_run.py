"""`--dry-run`: what a run would read and write, once its configuration has been checked; nothing is written."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from pipelines.applying import Application, check_split
from pipelines.column_types import load_any_schema
from pipelines.config import Config
from pipelines.engine import set_file_options
from pipelines.engines import Engine
from pipelines.finished import FinishedRun
from pipelines.holding import check_not_source
from pipelines.inference import column_names
from pipelines.preflight import assume_types
from pipelines.publish import check_apart, check_output_folder
from pipelines.summary import format_bytes
from pipelines.toml_table import naming
from schemas.schema import Column, ColumnType, Schema
from transforms import files, listing
from transforms.kinds.base import Kind, OutputSpec
from transforms.kinds.dummy import dummy_statistics
from transforms.kinds.parse import allowed_types, parse_features
from transforms.records import InputFile

_GAP = "  "


def print_run(config: Config, engine: Engine, *, overwrite: bool) -> None:
    """Prints what `run` would do.

    Args:
        config: The configuration, as `preflight` has checked it.
        engine: What would run it.
        overwrite: Whether a finished run at the output may be replaced.

    Raises:
        ShardmillError: What is elsewhere than on this machine, or in the files' headers, doesn't fit.
    """
    assert config.output.dir is not None
    set_file_options(engine)
    inputs = listing.list_files(config.input.patterns)
    _check_target(config.output.dir, inputs, overwrite=overwrite)
    typer.echo(f"{config.path}: nothing to object to. This is what a run would do; nothing was written")
    _print_inputs(inputs)
    fractions = config.split.fractions if config.split else dict.fromkeys(config.splits, None)
    _print_splits(fractions, config.split_key)
    _print_features(config, inputs)
    settings = config.resolved()["output"]
    _print_output(config.output.dir, settings, engine, overwrite=overwrite)


def print_application(application: Application, output: str, engine: Engine, *, overwrite: bool) -> None:
    """Prints what `apply` would do.

    Args:
        application: What would be applied to what.
        output: The folder that would be written.
        engine: What would run it.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        ShardmillError: The run, the files or the folder can't be used.
    """
    set_file_options(engine)
    run = FinishedRun.load(application.folder)
    check_not_source(application.folder, output)
    check_split(run, application.split)
    inputs = listing.list_files({application.split: application.patterns})
    _check_target(output, inputs, overwrite=overwrite)
    config = run.manifest["config"]
    typer.echo(f"{run.folder}: nothing to object to. This is what apply would do; nothing was written")
    _print_inputs(inputs)
    split = config.get("split")
    fractions = split["fractions"] if split and not application.split else {application.split or "train": None}
    _print_splits(fractions, (split["key"] or ()) if split and not application.split else ())
    if function := config.get("preprocessing_fn"):
        typer.echo(f"features: what {function} returned")
    else:
        _print_rows("features", (_feature_row(*item) for item in config["features"].items()))
    _print_output(output, config["output"], engine, overwrite=overwrite)


def _check_target(output: str, inputs: Sequence[InputFile], *, overwrite: bool) -> None:
    place = os.path.realpath(output) if files.is_local(output) else output
    check_output_folder(place, overwrite=overwrite)
    check_apart(inputs, place)


def _print_inputs(inputs: Sequence[InputFile]) -> None:
    total = format_bytes(sum(each.size for each in inputs))
    _print_rows(
        f"input: {len(inputs):,} file{'s' if len(inputs) > 1 else ''}, {total}",
        ((each.path, format_bytes(each.size), each.split or "") for each in inputs),
    )


def _print_splits(fractions: Mapping[str, float | None], key: Sequence[str]) -> None:
    shares = ", ".join(name if share is None else f"{name} {share:g}" for name, share in fractions.items())
    by = f", rows that agree in {', '.join(map(repr, key))} together" if key else ""
    typer.echo(f"splits: {shares}{by}")


def _print_output(output: str, settings: Mapping[str, Any], engine: Engine, *, overwrite: bool) -> None:
    sharding = next(
        f"{settings[name]:,} {name.replace('_', ' ')}" + (" per split" if name == "shards" else "")
        for name in ("shards", "rows_per_shard", "bytes_per_shard")
        if settings[name] is not None
    )
    compression = f"gzip, level {settings['level']}" if settings["compression"] == "gzip" else "not compressed"
    replaced = overwrite and files.exists(output) and any(files.walk(output))
    note = "; a finished run is there, which would be replaced" if replaced else ""
    typer.echo(f"output: {output}: {sharding}, {compression}{note}")
    typer.echo(f"engine: {engine.name}")


def _print_features(config: Config, inputs: Sequence[InputFile]) -> None:
    if config.preprocessing_fn:
        typer.echo(f"features: what {config.preprocessing_fn} returns, known when a run has traced it")
        return
    if config.derive:
        title = f"features, of the columns and of those that {config.derive} makes, known when a run has traced it"
        _print_rows(title, (_feature_row(*item) for item in config.features.items()))
        return
    kinds, outputs = _outputs(config, inputs)
    _print_rows(
        f"features: {len(kinds):,}, with {len(outputs):,} outputs"
        + ("" if config.input.schema else "; a run finds the columns' types"),
        ((name, kind.kind, ", ".join(kind.columns), " or ".join(types)) for name, (kind, types) in outputs.items()),
    )


def _feature_row(name: str, value: Any) -> tuple[str, str]:
    """A line of `[features]`, nearly as it is written."""
    return name, value if isinstance(value, str) else json.dumps(dict(value))


def _outputs(config: Config, inputs: Sequence[InputFile]) -> tuple[tuple[Kind, ...], dict[str, tuple[Kind, list[str]]]]:
    """The features, and for each output its feature and the types that it may have."""
    found: dict[str, tuple[Kind, list[str]]] = {}
    kinds: tuple[Kind, ...] = ()
    for schema in _schemas(config, inputs):
        with naming(config.source):
            kinds = parse_features(config.features, schema, config.split_key)
        statistics = dummy_statistics(kinds, schema)
        for kind in kinds:
            for spec in kind.outputs(schema, statistics):
                dtype = _dtype(kind, schema, spec)
                types = found.setdefault(spec.name, (kind, []))[1]
                if dtype not in types:
                    types.append(dtype)
    return kinds, found


def _schemas(config: Config, inputs: Sequence[InputFile]) -> list[Schema]:
    """The raw columns, with each type that a run may find for those whose type isn't given."""
    given = load_any_schema(config.input.schema) if config.input.schema else None
    names = given.names if given else column_names(inputs, config.input.dialect)
    with naming(config.source, "split", "key"):
        config.check_split_key(names)
    allowed = allowed_types(config.features, names, config.split_key)
    return [assume_types(given or [Column(name, wanted) for name in names], allowed, wanted) for wanted in ColumnType]


def _dtype(kind: Kind, schema: Schema, spec: OutputSpec) -> str:
    if spec.shape is None:
        return f"{spec.dtype}[varying]"
    # What the analysis finds decides how long a vector of a vocabulary is.
    dims = ("n" if kind.requests(schema) and spec.dtype == "float32" else str(size) for size in spec.shape)
    return spec.dtype + (f"[{', '.join(dims)}]" if spec.shape else "")


def _print_rows(title: str, rows: Iterable[Sequence[str]]) -> None:
    """Prints rows below a title, their columns aligned."""
    typer.echo(title)
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        typer.echo(_GAP + _GAP.join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip())
