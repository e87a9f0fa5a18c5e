"""Writes the `[input]` section of a starter configuration."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

from shardmill.pipelines.config.input_section import InputConfig
from shardmill.pipelines.init.column_facts import shorten
from shardmill.pipelines.init.starter_request import StarterRequest
from shardmill.pipelines.init.toml_text import toml_string, toml_value
from shardmill.schemas.inference.infer import Profiles
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.csv.dialect import Dialect

BAD_FRACTION = InputConfig.max_bad_fraction
"""The share of bad rows that a run allows where nothing else is said."""

_DEFAULTS = Dialect()


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


def input_lines(
    paths: StarterPaths, dialect: Dialect, schema: Schema, profiles: Profiles, request: StarterRequest
) -> list[str]:
    """Writes the section, the settings that aren't the default.

    Args:
        paths: The paths that it names.
        dialect: The dialect of the files.
        schema: The schema.
        profiles: The profiles of the schema's columns.
        request: The settings that the command line asks for.
    """
    lines = ["[input]", f"files = {toml_value(list(paths.files))}", f"schema = {toml_string(paths.schema)}"]
    asked = request.table("input")
    for field in fields(Dialect):
        # Written as on the command line: a codec has several names.
        name, value = field.name, asked.get(field.name, getattr(dialect, field.name))
        if value != getattr(_DEFAULTS, name) or name == "null_values" or name in request.dialect:
            comment = "  # cells that are missing" if name == "null_values" else ""
            if name == "columns" and name not in request.dialect:
                comment = "  # the files don't name them: do"
            lines.append(f"{name} = {toml_value('' if value is None else value)}{comment}")
    lines += [f"{name} = {toml_value(value)}" for name, value in asked.items() if name not in request.dialect]
    infinite = [column.name for column in schema if column.type is ColumnType.FLOAT and profiles[column.name].infinite]
    if infinite and "infinite" not in asked:
        cells = sum(profiles[name].infinite for name in infinite)
        more = f" and {len(infinite) - 1} more" if infinite[1:] else ""
        lines.append(f'infinite = "missing"  # {cells:,} in column {shorten(infinite[0])}{more}; or "keep", "reject"')
    bad = sum(profile.unusable for profile in profiles) / max(1, profiles.rows)
    labels = [profiles[name] for name in request.label_columns]
    unlabelled = sum(label.absent + label.infinite for label in labels) / max(1, profiles.rows)
    if bad + unlabelled > BAD_FRACTION / 2 and "max_bad_fraction" not in asked:
        # Twice the share, rounded up: each bad cell may be in another row, and rows may be bad in
        # other ways, too.
        allowed = min(1.0, math.ceil((bad + unlabelled) * 2 * 100) / 100)
        reasons = [f"{bad:.1%} of the rows may hold a cell that its column's type can't"] if bad else []
        reasons += [f"{unlabelled:.1%} may lack a label"] if unlabelled else []
        lines.append(f"max_bad_fraction = {allowed}  # {', '.join(reasons)}")
    return lines
