"""Finds the raw columns and their types.

A column has the type in the schema file, or without a file the type that its cells spell; where its
features don't take that type, it has one that they take and its cells allow. Numbers can always be
read as text. Text is read as numbers where most of its cells are numbers, which requires reading
all of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from shardmill.pipelines.config.input_section import InputConfig
from shardmill.pipelines.config.load import Config
from shardmill.pipelines.config.table import naming
from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.engines.engine import Engine
from shardmill.pipelines.job.check_delimiter import check_delimiter
from shardmill.pipelines.job.infer_schema import Inference, column_names
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.schema import EMPTY, INFERRED, Column, ColumnType, Schema
from shardmill.schemas.schema_pbtxt import decode_schema, load_schema
from shardmill.transforms.csv.units import InputFile
from shardmill.transforms.features.registry import allowed_types
from shardmill.transforms.files import files
from shardmill.transforms.profile import Typed, as_spelled
from shardmill.transforms.rows.ragged import find_ragged
from shardmill.transforms.rows.type_tallies import TypeTallies

# Counts columns' cells, given the names of all columns.
_Look = Callable[[tuple[str, ...], tuple[str, ...]], TypeTallies]
_Types = frozenset[ColumnType]
_EVERY: _Types = frozenset(ColumnType)
_NUMERIC: _Types = frozenset({ColumnType.INT, ColumnType.FLOAT})


def find_columns(
    config: Config, inputs: Sequence[InputFile], folder: str, engine: Engine, progress: Progress
) -> tuple[Schema, str | None]:
    """Finds the raw columns and the types to read.

    Args:
        config: The configuration.
        inputs: The input files.
        folder: A folder that all workers can write to.
        engine: The engine that reads the input where types must be inferred. A template's engine
            doesn't run before its launch, so this process reads then.
        progress: Shows the reading of data, and warns of types that features change.

    Returns:
        The columns; and the file of the units that were read, for `TakeUnits`. None means that no
        data was read.

    Raises:
        ConfigError: The schema file can't be used, or the files have another delimiter.
        DataError: The input can't be read, or data was read and too many rows are bad.
    """
    with naming(config.source):
        # Find the mistakes that need no columns first: inferring these may take long.
        allowed_types(config.features)
    reader = engine.here() if engine.template else engine
    planned = None

    def look(names: tuple[str, ...], known: tuple[str, ...]) -> TypeTallies:
        nonlocal planned
        inference = Inference(inputs, config.input.dialect, folder, reader, progress)
        typed, planned = inference.infer(Typed, as_spelled(names, known))
        _check_rows(typed, config.input)
        return typed.types

    types_of = partial(allowed_types, config.features, taken=config.split_key)
    if config.input.schema is None:
        names = column_names(inputs, config.input.dialect)
        check_delimiter(config, names, progress)
        types = look(names, names)
        numbers = dict(config.input.dialect.numbers)
        taken = types.schema(as_numbers(types_of(types.names), numbers))
        found = types.schema(as_numbers({}, numbers))
        schema = without_infinite(taken, types, config.input.infinite_of)
    else:
        found = load_any_schema(config.input.schema)
        schema = _settle(found, types_of(found.names), look)
    _warn(found, schema, progress)
    return schema, planned


def _check_rows(typed: Typed, settings: InputConfig) -> None:
    """Checks that not too many rows are bad.

    Types are inferred from good rows alone: where most are bad, that is what must be said. With
    `on_bad_row = "fail"` the analysis stops at the first bad row, and names it.
    """
    if settings.on_bad_row == "reject":
        ragged = find_ragged(typed.records, typed.read, settings.dialect)
        typed.records.check_bad_fraction(typed.read, settings.max_bad_fraction, ragged.problem, ragged.remedy)


def as_numbers(allowed: Mapping[str, _Types], columns: Iterable[str]) -> dict[str, _Types]:
    """Restricts the types of columns that hold numbers.

    Their format says so.

    Args:
        allowed: The types that a column's uses accept, by name; all in columns that aren't listed.
        columns: The columns of numbers.
    """
    restricted = {name: (allowed.get(name, _EVERY) & _NUMERIC) or _NUMERIC for name in columns}
    return {**allowed, **restricted}


def without_infinite(schema: Schema, counts: Profiles | TypeTallies, infinite_of: Callable[[str], str]) -> Schema:
    """Makes columns optional whose infinite cells are missing.

    Args:
        schema: The inferred schema.
        counts: The columns' profiles, or the counts that decide their types.
        infinite_of: Returns the treatment of infinite numbers in a column.
    """

    def settle(column: Column) -> Column:
        missing = infinite_of(column.name) == "missing" and column.type is ColumnType.FLOAT
        return replace(column, required=False) if missing and counts[column.name].infinite else column

    return Schema(tuple(map(settle, schema)))


def load_any_schema(path: str) -> Schema:
    """Reads a `schema.pbtxt`, local or in a store.

    Raises:
        ConfigError: It isn't a schema that a CSV file can have.
        DataError: It can't be read from the store.
    """
    if files.is_local(path):
        return load_schema(path)
    with files.opened(path) as stream:
        return decode_schema(stream.read(), path)


def _settle(schema: Schema, allowed: Mapping[str, _Types], look: _Look) -> Schema:
    """Changes the types that features don't take.

    The types in the schema file of other columns are kept.
    """
    misfits = {
        column.name: types for column in schema if column.type not in (types := allowed.get(column.name, _EVERY))
    }
    texts = tuple(name for name, types in misfits.items() if ColumnType.BYTES not in types)
    counts = look(texts, schema.names) if texts else TypeTallies(())
    found = {name: decide(counts[name], misfits[name]) for name in texts}

    def settle(column: Column) -> Column:
        if column.name not in misfits:
            return column
        if column.name not in found:
            return replace(column, type=ColumnType.BYTES, origin=None)
        other = found[column.name]
        # Where no type fits, keep the file's type: the error about the feature names it, and the
        # user knows it.
        if other.type not in misfits[column.name]:
            return column
        return replace(column, type=other.type, required=column.required and other.required, origin=None)

    return replace(schema, columns=tuple(map(settle, schema)))


def _warn(found: Schema, schema: Schema, progress: Progress) -> None:
    """Warns of columns that are read as another type.

    Where a type was inferred rather than given by the user, only numbers read as text are named.
    """
    for column in found:
        taken = schema[column.name].type
        if column.type is ColumnType.FLOAT and taken is ColumnType.BYTES:
            progress.warn(
                f"column {column.name!r} holds numbers with a fraction, but a feature takes it as text, so that each spelling is a token "
                'of its own (0.5 and 0.50 differ); use `kind = "bucketize"` to make categories of numbers'
            )
        elif column.type is not taken and column.origin not in (EMPTY, INFERRED):
            progress.warn(
                f"column {column.name!r} is {column.type.name} in {column.origin!r}, but a feature takes numbers, which most of its cells "
                f"are, so it is read as {taken.name}; write `type: {taken.name}` there to save reading all of the data"
            )
