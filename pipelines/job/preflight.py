"""Checks a run before Beam and TensorFlow are loaded.

Loading them takes seconds. All mistakes are reported at once.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from shardmill.pipelines.config.load import Config, parse_config
from shardmill.pipelines.config.table import OUTPUT_OPTION
from shardmill.pipelines.job.input_files import list_files
from shardmill.pipelines.run_folder.output_folder import check_apart, check_output_folder, input_inside
from shardmill.schemas.errors import ConfigError, Key
from shardmill.schemas.mistakes import Mistakes, restated, together
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import load_schema
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.features.registry import allowed_types, check_parameters, parse_features
from shardmill.transforms.files.files import is_local
from shardmill.transforms.functions.user_function import UserFunction


def checked_config(path: str, overrides: Sequence[str], output: str | None, *, overwrite: bool) -> Config:
    """Reads a configuration and checks it with local files only.

    Args:
        path: The TOML file.
        overrides: `key=value` settings.
        output: Replaces `output.dir`.
        overwrite: Whether a finished run at the output may be replaced.

    Raises:
        ShardmillError: There are mistakes; the message has a line for each.
    """
    config, mistakes = parse_config(path, overrides, output)
    _check_features(config, mistakes)
    for name, reference in (("preprocessing_fn", config.preprocessing_fn), ("derive", config.derive)):
        if reference and not mistakes.concern((name,)):
            with mistakes.at(name):
                UserFunction.read(reference).check_source()
    validated = config.validate.schema if config.validate else None
    if validated and validated != config.input.schema and is_local(validated):
        with mistakes.at("validate", "schema"):
            load_schema(validated)
    inputs = [] if mistakes.concern(("input", "files")) else find_local(config.input.patterns, mistakes)
    if config.output.dir is None and not mistakes.concern(("output", "dir")):
        mistakes.add(ConfigError("no output folder; give --output DIR or set output.dir"))
    elif config.output.dir is not None:
        key = ("output", "dir") if output is None else OUTPUT_OPTION
        check_target(config.output.dir, inputs, mistakes, key, overwrite=overwrite)
        _check_cache(config.analysis.cache, config.output.dir, mistakes)
    with mistakes.at("analysis", "cache"):
        check_cache_apart(inputs, config.analysis.cache)
    config.source.raise_any(mistakes)
    return config


def check_application(run: str, patterns: Sequence[str], output: str, *, overwrite: bool) -> None:
    """Checks the arguments of `apply` with local files only.

    Args:
        run: The run's folder.
        patterns: The new files.
        output: The output folder.
        overwrite: Whether a finished run there may be replaced.

    Raises:
        ShardmillError: There are mistakes; the message has a line for each.
    """
    mistakes = Mistakes()
    inputs = find_local({None: patterns}, mistakes, ("--input",))
    # An output that is the run itself gets a message of its own once the run has been read.
    if os.path.realpath(output) != os.path.realpath(run):
        check_target(output, inputs, mistakes, OUTPUT_OPTION, overwrite=overwrite)
    if mistakes.found:
        raise together([restated(each, lambda error: f"{error.key[0]}: {error}") for each in mistakes.found])


def find_local(
    patterns: Mapping[str | None, Sequence[str]], mistakes: Mistakes, key: Key = ("input", "files")
) -> list[InputFile]:
    """Finds the input files on this machine.

    Args:
        patterns: For each split its patterns.
        mistakes: Collects patterns that match no file, and files that are in two splits.
        key: The key or option of the patterns.
    """
    local = {split: [each for each in group if is_local(each)] for split, group in patterns.items()}
    before = len(mistakes.found)
    for split, group in local.items():
        for pattern in group:
            with mistakes.at(*key, *([split] if split else [])):
                list_files({split: (pattern,)})
    found = []
    if len(mistakes.found) == before:
        with mistakes.at(*key):
            found = list_files(local)
    return found


def check_target(output: str, inputs: Sequence[InputFile], mistakes: Mistakes, key: Key, *, overwrite: bool) -> None:
    """Checks that a local output folder may be written.

    Args:
        output: The folder.
        inputs: The input files, none of which may be in it.
        mistakes: Collects the mistakes.
        key: The key or option of the folder.
        overwrite: Whether a finished run there may be replaced.
    """
    if not is_local(output) or mistakes.concern(key):
        return
    folder = os.path.realpath(output) if os.path.islink(output) else output
    with mistakes.at(*key):
        check_output_folder(folder, overwrite=overwrite)
        check_apart(inputs, folder)


def assume_types(
    columns: Iterable[Column], allowed: Mapping[str, frozenset[ColumnType]], wanted: ColumnType = ColumnType.INT
) -> Schema:
    """Gives columns types that their features take.

    A run will decide the types by reading the data.

    Args:
        columns: The columns, with the types that they seem to have.
        allowed: For each column the types that its features take.
        wanted: The type for a column whose own type isn't taken, where `wanted` is.
    """

    def assume(column: Column) -> Column:
        types = allowed.get(column.name) or frozenset(ColumnType)
        # Where no type fits, keep the column's type: the error about the feature names it.
        if column.type in types or not allowed.get(column.name, types):
            return column
        return replace(column, type=wanted if wanted in types else min(types, key=list(ColumnType).index))

    return Schema(tuple(map(assume, columns)))


def check_cache_apart(inputs: Iterable[InputFile], cache: str | None) -> None:
    """Checks that no input is in the cache.

    The next run would read what this one keeps there.

    Args:
        inputs: The input files.
        cache: The cache. None means that there is none.

    Raises:
        ConfigError: An input file is in it.
    """
    found = None if cache is None else input_inside(inputs, cache)
    if found is not None:
        raise ConfigError(
            f"[analysis] cache: expected a folder without input files, received {cache!r}, which has {found!r}; choose another folder, or "
            "change [input] files so that they leave it out"
        )


def _check_cache(cache: str | None, output: str, mistakes: Mistakes) -> None:
    """Checks that a cache isn't in the output folder."""
    if cache is None:
        return
    inner, outer = (os.path.realpath(each) if is_local(each) else each.rstrip("/") for each in (cache, output))
    if f"{inner}/".startswith(f"{outer}/"):
        problem = f"expected a folder apart from the output's, {output!r}, which the run replaces, received {cache!r}"
        mistakes.add(ConfigError(f"{problem}; choose another folder"), ("analysis", "cache"))


def _check_features(config: Config, mistakes: Mistakes) -> None:
    schema = _schema(config, mistakes)
    if config.features:
        with mistakes.at("features"):
            # Derived columns are known when the function has been traced.
            if schema is None or config.derive:
                check_parameters(config.features)
            else:
                # What can't be parsed is reported below, with all else.
                allowed = allowed_types(config.features, schema.names, config.split_key, Mistakes())
                parse_features(config.features, assume_types(schema, allowed), config.split_key)
    if schema is not None:
        config.check_columns(schema.names, mistakes)
        config.check_types(schema, mistakes)


def _schema(config: Config, mistakes: Mistakes) -> Schema | None:
    path = config.input.schema
    if path is None or not is_local(path) or mistakes.concern(("input", "schema")):
        return None
    with mistakes.at("input", "schema"):
        return load_schema(path)
    return None
