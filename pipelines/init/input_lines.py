"""Writes the `[input]` section of a starter configuration."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from shardmill.pipelines.console.printable import one_line
from shardmill.pipelines.init.bad_rows import bad_row_lines, doubtful_decisions
from shardmill.pipelines.init.column_facts import shorten
from shardmill.pipelines.init.toml_text import toml_string, toml_value
from shardmill.pipelines.survey.starter_request import NAME_COLUMNS, StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv.dialect import Dialect

_DEFAULTS = Dialect()
_NAME_THEM = f"no file names them; to do so, remove this file and its schema, and run init again with {NAME_COLUMNS}"
# Numbers have a decimal point where nothing else is said.
_POINT = ("decimal", ".")


@dataclass(frozen=True)
class StarterPaths:
    """Paths as written in the configuration.

    Attributes:
        files: The patterns of the input files.
        schema: The schema's file.
        output: The folder of the run.
    """

    files: Sequence[str]
    schema: str
    output: str


def input_lines(paths: StarterPaths, survey: Survey, request: StarterRequest, likely: str) -> list[str]:
    """Writes the section, the settings that aren't the default.

    Args:
        paths: The paths that it names.
        survey: The findings about the files.
        request: The settings that the command line asks for.
        likely: The column that is likely to become the label where the command line names none.
    """
    doubtful = doubtful_decisions(survey.profiled.doubtful, survey.profiled.read)
    decided = [f"# {one_line(str(decision))}" for decision in (*survey.decisions, *doubtful)]
    lines = ["[input]", *decided, f"files = {toml_value(list(paths.files))}", f"schema = {toml_string(paths.schema)}"]
    asked = dict(request.table("input"))
    tables = _column_tables(survey.dialect, asked)
    for field in fields(Dialect):
        # A list of names stands at the key of these tables; the schema has the names, too.
        if field.name == "numbers" or (field.name == "columns" and tables):
            continue
        # Written as on the command line: a codec has several names.
        name, value = field.name, asked.get(field.name, getattr(survey.dialect, field.name))
        if value != getattr(_DEFAULTS, name) or name == "null_values" or name in request.dialect:
            comment = "  # cells that are missing" if name == "null_values" else ""
            named = any(decision.subject == "columns" for decision in survey.decisions)
            if name == "columns" and name not in request.dialect and not named:
                comment = f"  # {_NAME_THEM}"
            lines.append(f"{name} = {toml_value('' if value is None else value)}{comment}")
    lines += [f"{name} = {toml_value(value)}" for name, value in asked.items() if name not in request.dialect]
    profiles = survey.profiles
    infinite = [
        column.name for column in survey.schema if column.type is ColumnType.FLOAT and profiles[column.name].infinite
    ]
    if infinite and "infinite" not in asked:
        cells = sum(profiles[name].infinite for name in infinite)
        more = f" and {len(infinite) - 1} more" if infinite[1:] else ""
        lines.append(f'infinite = "missing"  # {cells:,} in column {shorten(infinite[0])}{more}; or "keep", "reject"')
    return [*lines, *bad_row_lines(survey, request, likely), *tables]


def _column_tables(dialect: Dialect, asked: dict[str, Any]) -> list[str]:
    """Writes the tables of columns with settings of their own.

    Args:
        dialect: The dialect, with the formats of numbers.
        asked: The settings that the command line asks for; those of columns are taken out.
    """
    given = asked.get("columns")
    settings: dict[str, dict[str, Any]] = {}
    if isinstance(given, dict):
        settings = {name: dict(table) for name, table in asked.pop("columns").items()}
    for name, number_format in dialect.numbers:
        guessed = {key: value for key, value in asdict(number_format).items() if value and (key, value) != _POINT}
        own = settings.get(name, {})
        settings[name] = own | {key: value for key, value in guessed.items() if key not in own}
    lines = []
    for name, table in settings.items():
        lines += ["", f"[input.columns.{toml_string(name)}]"]
        lines += [f"{key} = {toml_value(value)}" for key, value in table.items()]
    return lines
