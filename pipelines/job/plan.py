"""Plans the main job.

Nothing is read or written.
"""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from shardmill.pipelines.config.check_grouped import check_filled, check_grouped, check_windowed
from shardmill.pipelines.config.fold_key import fold_key, fold_rule
from shardmill.pipelines.config.grouped_sections import WindowConfig
from shardmill.pipelines.config.load import Config
from shardmill.pipelines.config.table import dotted
from shardmill.pipelines.job.job import Job, parts_folder
from shardmill.pipelines.job.prepare_features import JobFeatures
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.schemas.errors import ConfigError, Key
from shardmill.schemas.mistakes import Mistakes
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.csv.selection import Selection
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.files import copying, files
from shardmill.transforms.keeping.generations import generations
from shardmill.transforms.keeping.kept_entries import KeptEntries
from shardmill.transforms.reading import Reading
from shardmill.transforms.rows.splits import ShardRule, SplitRule

_VERSIONS = ("shardmill", "tensorflow", "pyarrow", "isal")


def plan_job(config: Config, inputs: Sequence[InputFile], schema: Schema, features: JobFeatures, work: str) -> Job:
    """Plans the main job.

    Args:
        config: The configuration.
        inputs: The input files.
        schema: The raw columns.
        features: The features.
        work: The folder to write into.
    """
    splits = config.split.rule if config.split else SplitRule(config.splits)
    return Job(
        inputs=inputs,
        reading=Reading(
            dialect=config.input.dialect,
            selection=_selection(config, schema, features, splits, parts_folder(work)),
            split_rule=splits,
            fail_on_bad_row=config.input.on_bad_row == "fail",
            row_graph=features.row_graph,
            derived=features.derived,
            analysis_graph=features.analysis_graph,
            fold_rule=fold_rule(config.split, config.grouped, config.output.seed) if features.folded else None,
        ),
        schema=schema,
        features=features.source,
        max_bad_fraction=config.input.max_bad_fraction,
        shard_rule=_shard_rule(config),
        level=config.output.level if config.output.compression == "gzip" else None,
        work=work,
        facts=facts_of(config, features.source.packages),
        kept=_kept(config),
        grouping=None if config.grouped is None else config.grouped.grouping,
    )


def _kept(config: Config) -> KeptEntries | None:
    cache = config.analysis.cache
    if cache is None:
        return None
    # Workers of other engines may have another current folder.
    folder = os.path.abspath(cache) if files.is_local(cache) else cache
    found = generations(folder, config.analysis.keep_days, dt.datetime.now(dt.timezone.utc).date())
    return KeptEntries(found.current, "[analysis] cache", found.earlier)


def facts_of(config: Config, packages: tuple[str, ...] = ()) -> dict[str, Any]:
    """Returns what decides a run's bytes, besides its input.

    They are keys of the manifest: the settings, hashes of the files that these name, and versions.

    Args:
        config: The configuration.
        packages: Further packages that only this run needs.

    Raises:
        DataError: What a setting names can't be read.
    """
    named = dict(_named_files(config))
    hashes = {"named_files": named} if named else {}
    return {"config": config.resolved(), **hashes, "versions": versions(packages)}


def _named_files(config: Config) -> Iterator[tuple[str, str]]:
    """Yields the SHA-256 of files that settings name.

    Of a run, the list of its files counts; its manifest tells how it was made, too.
    """
    named: dict[Key, str | None] = {("input", "schema"): config.input.schema}
    runs: dict[Key, str | None] = {}
    for name, reference in (("preprocessing_fn", config.preprocessing_fn), ("derive", config.derive)):
        named[name,] = reference and reference.rpartition(":")[0]
    if config.validate:
        named["validate", "schema"], runs["validate", "against"] = config.validate.schema, config.validate.against
    for name, value in config.features.items():
        if isinstance(value, Mapping):
            named["features", name, "file"], runs["features", name, "extend"] = value.get("file"), value.get("extend")
    # Many features may name one file.
    for hashed, paths in ((cache(lambda path: copying.digest(path)[1]), named), (cache(_run_digest), runs)):
        for key, path in paths.items():
            if path:
                yield dotted(key), hashed(path)


def _run_digest(folder: str) -> str:
    listed = json.dumps(FinishedRun.load(folder).manifest["files"])
    return hashlib.sha256(listed.encode()).hexdigest()


def versions(packages: tuple[str, ...] = ()) -> dict[str, str]:
    """Returns the versions of packages that decide a run's bytes.

    Args:
        packages: Further packages that only this run needs.
    """
    return {name: version(name) for name in (*_VERSIONS, *packages)}


def _selection(config: Config, schema: Schema, features: JobFeatures, splits: SplitRule, folder: str) -> Selection:
    key = config.split.row_key(schema.names, dict(config.input.dialect.numbers)) if config.split else None
    grouped = config.grouped.columns if config.grouped else ()
    read = features.columns.union(grouped, config.grouped.forward_fill if config.grouped else ())
    if features.folded:
        read |= set(fold_key(config.split, config.grouped))
    columns = tuple(column for column in schema if column.name in read)
    infinite = {column.name: config.input.infinite_of(column.name) for column in schema}
    return Selection(
        columns,
        schema.names,
        features.required | set(grouped),
        key,
        refused=features.refused,
        lists=features.lists,
        infinite=infinite,
        tracked=config.split.tracked if config.split else None,
        filter=config.rows.row_filter(schema, splits, folder) if config.rows else None,
    )


def check_columns(config: Config, schema: Schema) -> None:
    """Checks the settings and declared features against the columns.

    Features of derived columns are checked once these are known.

    Args:
        config: The configuration.
        schema: The raw columns.

    Raises:
        ConfigError: They don't fit; the message has all mistakes.
    """
    mistakes = Mistakes()
    config.check_columns(schema.names, mistakes)
    if config.grouped:
        check_grouped(config.grouped, schema, config.split.columns if config.split else {}, mistakes)
    for name, settings in config.input.columns.items():
        if settings.infinite is not None and name in schema and schema[name].type is ColumnType.BYTES:
            problem = f"is for numbers, but column {name!r} is text; remove it, or change the type"
            mistakes.add(ConfigError(problem), ("input", "columns", name, "infinite"))
    for name, number_format in config.input.dialect.numbers:
        if name in schema and schema[name].type is ColumnType.BYTES:
            why = "in the schema" if config.input.schema else "since most of its cells are no numbers in this format"
            problem = (
                f"{number_format} is for numbers, but column {name!r} is text {why}; remove it, or change the type"
            )
            mistakes.add(ConfigError(problem), ("input", "columns", name))
    config.check_types(schema, mistakes)
    if config.features and not config.derive:
        with mistakes.at("features"):
            kinds = parse_features(config.features, schema, config.split_key)
            if config.grouped:
                check_filled(config.grouped, kinds, schema)
            if isinstance(config.grouped, WindowConfig):
                check_windowed(config.grouped, kinds, schema)
    config.source.raise_any(mistakes)


def _shard_rule(config: Config) -> ShardRule:
    output = config.output
    return ShardRule(output.shards, output.rows_per_shard, output.bytes_per_shard, output.shuffle, output.seed)
