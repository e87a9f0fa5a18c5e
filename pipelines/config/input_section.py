"""The configuration's `[input]` and `[validate]`.

They say which files there are, how to read them, and what is checked of them first.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from shardmill.pipelines.config.number_settings import NUMBER_KEYS, parse_number_formats
from shardmill.pipelines.config.paths import path_problem
from shardmill.pipelines.config.table import Table
from shardmill.schemas.run_folder import TRAIN
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.decoding.encodings import Codec
from shardmill.transforms.numbers.number_format import Infinite, NumberFormat

_INFINITE: tuple[Infinite, ...] = get_args(Infinite)
_DEFAULTS = Dialect()
KEYS = (
    "files",
    "schema",
    "header",
    "header_names",
    "header_lacks",
    "columns",
    "rename",
    "delimiter",
    "quote",
    "escape",
    "encoding",
    "comment",
    "skip_rows",
    "null_values",
    "trim",
    "missing_columns",
    "extra_columns",
    "infinite",
    "on_bad_row",
    "max_bad_fraction",
)
# Of distances, from 0 to 1: what TFDV's users begin with where they know little.
_MOST_DISTANCE = 0.1
# The pattern of split names, which begin the shards' file names.
SPLIT_NAME = r"[A-Za-z0-9][A-Za-z0-9_]*"


@dataclass(frozen=True)
class ColumnConfig:
    """`[input.columns.NAME]`: how one column's cells are read.

    The format of its numbers is part of the dialect.

    Attributes:
        infinite: The treatment of infinite numbers. None means that of `InputConfig.infinite`.
    """

    infinite: Infinite | None = None


@dataclass(frozen=True)
class InputConfig:
    """`[input]`.

    Attributes:
        files: Patterns of files, or each split's patterns.
        schema: A tensorflow-metadata `schema.pbtxt`. None means that it is inferred from the data.
        dialect: How the files spell their records.
        infinite: The treatment of infinite numbers in columns of floats: they are kept as values,
            missing, or bad cells.
        columns: Settings of single columns, by name.
        on_bad_row: Whether a bad row is rejected, or stops the run.
        max_bad_fraction: The largest share of rejected rows; a run that rejects more stops.
    """

    files: tuple[str, ...] | Mapping[str, tuple[str, ...]]
    schema: str | None = None
    dialect: Dialect = _DEFAULTS
    infinite: Infinite = "keep"
    columns: Mapping[str, ColumnConfig] = field(default_factory=dict)
    on_bad_row: Literal["reject", "fail"] = "reject"
    max_bad_fraction: float = 0.01

    @property
    def patterns(self) -> Mapping[str | None, tuple[str, ...]]:
        """The patterns by split.

        The key None stands for files whose rows are split later.
        """
        if isinstance(self.files, Mapping):
            return {split: patterns for split, patterns in self.files.items()}  # noqa: C416  (None is a key in the result's type)
        return {None: self.files}

    def infinite_of(self, column: str) -> Infinite:
        """Returns the treatment of infinite numbers in a column."""
        settings = self.columns.get(column)
        return (settings and settings.infinite) or self.infinite


def parse_input(table: Table) -> InputConfig:
    """Checks `[input]`.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    table.check_keys(KEYS)
    return InputConfig(
        files=_parse_files(table),
        schema=parse_path(table, "schema"),
        dialect=_parse_dialect(table),
        infinite=table.choice("infinite", _INFINITE),  # type: ignore[arg-type]
        columns=_parse_column_tables(table),
        on_bad_row=table.choice("on_bad_row", ("reject", "fail")),  # type: ignore[arg-type]
        max_bad_fraction=table.number("max_bad_fraction", maximum=1, default=0.01),
    )


def parse_path(table: Table, name: str, problem_of: Callable[[str], str | None] = path_problem) -> str | None:
    """Returns the path at a key, None if absent.

    Args:
        table: The table.
        name: The key.
        problem_of: Returns the problem with a path, or None.

    Raises:
        ConfigError: The value isn't text, or `problem_of` finds a problem.
    """
    if name not in table.raw:
        return None
    path = table.string(name)
    if path and (problem := problem_of(path)):
        table.refuse(name, problem)
    return path


def _parse_files(table: Table) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    value = table.raw.get("files")
    if isinstance(value, dict):
        splits = table.table("files")
        for name in splits.raw:
            splits.check_name(name, SPLIT_NAME, "a split's name of letters, digits and _")
        if TRAIN not in splits.raw:
            raise splits.error(
                None, f"expected a split {TRAIN!r}, which the statistics come from; received {sorted(splits.raw)}"
            )
        return {name: _patterns(splits, name) for name in splits.raw}
    return _patterns(table, "files")


def _patterns(table: Table, name: str) -> tuple[str, ...]:
    value = table.raw.get(name)
    patterns: list[Any] = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    if not patterns or not all(isinstance(pattern, str) and pattern for pattern in patterns):
        received = f"received {value!r}" if name in table.raw else "which is absent"
        table.refuse(
            name, f'expected files or patterns (["data/*.csv"], or {{ train = "...", eval = "..." }}), {received}'
        )
        return ()
    for pattern in patterns:
        if problem := path_problem(pattern):
            table.refuse(name, problem)
    return tuple(patterns)


def _parse_dialect(table: Table) -> Dialect:
    header = table.boolean("header", default=_DEFAULTS.header)
    if header and "columns" in table.raw and not isinstance(table.raw["columns"], dict):
        table.refuse("columns", "names the columns of files without a header; remove it, or set input.header to false")
    null_values = _parse_null_values(table)
    dialect = Dialect(
        delimiter=_character(table, "delimiter", _DEFAULTS.delimiter) or _DEFAULTS.delimiter,
        quote=_character(table, "quote", _DEFAULTS.quote),
        escape=_character(table, "escape", _DEFAULTS.escape),
        encoding=_parse_encoding(table),
        comment=_character(table, "comment", _DEFAULTS.comment),
        skip_rows=table.integer("skip_rows", default=_DEFAULTS.skip_rows, minimum=0),
        header=header,
        header_names=_parse_header_names(table, header=header),
        header_lacks=_parse_header_lacks(table, header=header),
        columns=_parse_columns(table),
        rename=_parse_rename(table, header=header),
        null_values=null_values,
        numbers=_parse_numbers(table, null_values),
        trim=table.boolean("trim", default=_DEFAULTS.trim),
        missing_columns=table.choice("missing_columns", ("error", "null")),  # type: ignore[arg-type]
        extra_columns=table.choice("extra_columns", ("error", "ignore")),  # type: ignore[arg-type]
    )
    special = [
        ("delimiter", dialect.delimiter),
        ("quote", dialect.quote),
        ("escape", dialect.escape),
        ("comment", dialect.comment),
    ]
    for position, (name, character) in enumerate(special):
        for other, same in special[:position]:
            if character is not None and character == same:
                table.refuse(name, f"expected a character other than {other}, received {character!r} for both")
    return dialect


def dialect_of(settings: Mapping[str, Any], source: str) -> Dialect:
    """Reads and checks the dialect in a manifest.

    The checks are those of a configuration.

    Args:
        settings: All of a dialect's fields, as plain data.
        source: The manifest, for messages.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    # None is left out where it is the default: a configuration has no null.
    said = {name: value for name, value in settings.items() if value is not None or getattr(_DEFAULTS, name, None)}
    table = Table(source, ("config", "input", "dialect"), said)
    table.check_keys([field.name for field in fields(Dialect)])
    numbers = table.table("numbers")
    for column in numbers.raw:
        numbers.table(column).check_keys(NUMBER_KEYS)
    return _parse_dialect(table)


def _character(table: Table, name: str, default: str | None) -> str | None:
    """Reads one ASCII character.

    An empty text means none, except for the delimiter.
    """
    value = table.raw.get(name, default)
    if value == "" and name != "delimiter":
        return None
    if value is not None and (
        not isinstance(value, str) or len(value) != 1 or not value.isascii() or value in "\r\n\0"
    ):
        none = "" if name == "delimiter" else ' (or "" for none)'
        table.refuse(name, f"expected one ASCII character{none}, received {value!r}")
        return default
    return value


def _parse_encoding(table: Table) -> str:
    name = table.string("encoding", _DEFAULTS.encoding)
    try:
        return Codec(name).name
    except LookupError:
        table.refuse("encoding", f"expected a text encoding such as 'utf-8', 'latin-1' or 'cp1252', received {name!r}")
        return _DEFAULTS.encoding


def _parse_column_tables(table: Table) -> dict[str, ColumnConfig]:
    """Reads the settings of single columns."""
    # Without a header the same key may be a list of the columns' names instead.
    if not isinstance(table.raw.get("columns"), dict):
        return {}
    columns = table.table("columns")
    found = {}
    for name in columns.raw:
        settings = columns.table(name)
        settings.check_keys([*(each.name for each in fields(ColumnConfig)), *NUMBER_KEYS])
        infinite: Any = settings.choice("infinite", _INFINITE) if "infinite" in settings.raw else None
        found[name] = ColumnConfig(infinite)
    return found


def _parse_numbers(table: Table, null_values: Collection[str]) -> tuple[tuple[str, NumberFormat], ...]:
    """Reads the formats of numbers by column.

    A manifest has them beside the rest of the dialect, a configuration among the columns' settings.
    """
    name = "numbers" if "numbers" in table.raw else "columns"
    return parse_number_formats(table.table(name), null_values) if isinstance(table.raw.get(name), dict) else ()


def _parse_columns(table: Table) -> tuple[str, ...] | None:
    if "columns" not in table.raw or isinstance(table.raw["columns"], dict):
        return None
    columns = table.strings("columns")
    seen: set[str] = set()
    for name in columns:
        if not name or name in seen:
            table.refuse("columns", f"expected distinct names, received {name!r} {'twice' if name else ''}".rstrip())
        seen.add(name)
    return columns


def _parse_header_names(table: Table, *, header: bool) -> Literal["repair", "strict"]:
    names = table.choice("header_names", ("repair", "strict"))
    if names == "strict" and not header:
        table.refuse("header_names", "is about names in a header; remove it, or set header = true")
    return names  # type: ignore[return-value]


def _parse_header_lacks(table: Table, *, header: bool) -> Literal["first", "last"] | None:
    if "header_lacks" not in table.raw:
        return None
    if not header:
        table.refuse("header_lacks", "is about the cells of a header; remove it, or set header = true")
    return table.choice("header_lacks", ("first", "last"))  # type: ignore[return-value]


def _parse_rename(table: Table, *, header: bool) -> tuple[tuple[str, str], ...]:
    """Reads pairs of a header's name and the column's name.

    Spaces around names in a header are removed, as the reader does.
    """
    if table.raw.get("rename", {}) == {}:
        return ()
    if not header:
        table.refuse("rename", "renames what a header names; remove it, or set header = true")
    names = table.table("rename")
    for name, column in names.raw.items():
        if not name.strip() or not isinstance(column, str) or not column.strip():
            names.refuse(
                name, f'expected a name in a header and its column ("UserID" = "user_id"), received {column!r}'
            )
    return tuple((name.strip(), str(column).strip()) for name, column in names.raw.items())


def _parse_null_values(table: Table) -> tuple[str, ...]:
    value = table.raw.get("null_values", list(_DEFAULTS.null_values))
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        table.refuse("null_values", f'expected a list of text (["", "NA"]), received {value!r}')
        return _DEFAULTS.null_values
    return tuple(value)


@dataclass(frozen=True)
class ValidateConfig:
    """`[validate]`: checks of the input before a run.

    Attributes:
        schema: The schema file. None means that of `against`, or `[input] schema`.
        against: A finished run, whose train rows the new ones are to be like. None means none.
        environment: The schema's environment of the input. None means that all columns are
            expected.
        on_anomaly: Whether an anomaly is a warning, or ends the run.
        infinity_norm: The largest L-infinity distance of texts where the schema gives none.
        jensen_shannon: The largest divergence of numbers where the schema gives none.
    """

    schema: str | None = None
    against: str | None = None
    environment: str | None = None
    on_anomaly: Literal["warn", "fail"] = "warn"
    infinity_norm: float = _MOST_DISTANCE
    jensen_shannon: float = _MOST_DISTANCE

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "ValidateConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        return cls(**settings)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings by which the run's new data is validated."""
        return {name: getattr(self, name) for name in ("on_anomaly", "infinity_norm", "jensen_shannon")}


def parse_validate(table: Table, input_schema: str | None) -> ValidateConfig:
    """Reads `[validate]`.

    Args:
        table: The section.
        input_schema: `[input] schema`, which counts where the section names neither schema nor run.

    Raises:
        ConfigError: A key or value isn't as expected.
    """
    table.check_keys(("schema", "against", "environment", "on_anomaly", "infinity_norm", "jensen_shannon"))
    schema, against = table.string("schema") or None, table.string("against") or None
    if schema is None and against is None:
        schema = input_schema
        if schema is None:
            table.refuse(None, "expected schema, against or [input] schema, one of which says what is expected")
    return ValidateConfig(
        schema,
        against,
        table.string("environment") or None,
        table.choice("on_anomaly", ("warn", "fail")),  # type: ignore[arg-type]
        table.number("infinity_norm", maximum=1, default=_MOST_DISTANCE),
        table.number("jensen_shannon", maximum=1, default=_MOST_DISTANCE),
    )
