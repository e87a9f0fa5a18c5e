"""Writes the text of a starter configuration.

It runs unedited; its comments say what was seen in the data.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from shardmill.pipelines.config.input_section import InputConfig
from shardmill.pipelines.config.load import SHARDINGS
from shardmill.pipelines.init.decimal_comma import has_decimal_commas
from shardmill.pipelines.init.starter_request import StarterRequest
from shardmill.schemas.errors import DataError
from shardmill.schemas.features import USUAL_LABELS
from shardmill.schemas.inference.infer import ColumnProfile, Profiles, decide
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.csv.dialect import Dialect

_FEW = 24  # the most distinct integers taken for codes rather than amounts, such as the hours of a day
_ROWS_PER_CODE = 10  # the fewest rows for each distinct code
_TOP_K = 10_000  # the largest vocabulary
_UNIQUE = 0.9  # the share of distinct values from which a column is an identifier
_NEARLY_UNIQUE = 0.8  # the same where the number is estimated, maybe a tenth too low
_LONG_TEXT = 100  # characters of a text that is free text rather than an identifier
_NEARLY_ALL = 1 / 0.99
_INDICATOR = 0.05  # the share of missing cells from which their absence becomes a feature
_BAD_FRACTION = InputConfig.max_bad_fraction  # the default
_RARE = 1000  # the most rows for each value that isn't missing: a model learns nothing from fewer values
_LABEL = '{ kind = "label" }'
_DECIMAL_COMMAS = "looks like numbers with a decimal comma, which can't be read as numbers yet"
_EXACT = 2**24  # integers that float32 holds exactly
_ROW = 8  # items of a list on a line
_DEFAULTS = Dialect()
_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "weekday": "%d", "hour": "%H", "minute": "%M"}
_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F)} | {
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    ord("\t"): "\\t",
}


@dataclass(frozen=True)
class _Line:
    """A line of `[features]`.

    Attributes:
        name: The column's and the feature's name.
        value: The kind, as TOML.
        facts: Facts about the column's values; empty if the line isn't about a column.
        skipped: Why the line is commented out. None means that it isn't.
    """

    name: str
    value: str
    facts: str
    skipped: str | None = None

    def render(self) -> str:
        entry = f"{toml_key(self.name)} = {self.value}"
        if self.skipped is None:
            return f"{entry}  # {self.facts}" if self.facts else entry
        return f"# {entry}  # {self.skipped}: {self.facts}"


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


def starter_config(
    paths: StarterPaths,
    dialect: Dialect,
    schema: Schema,
    profiles: Profiles,
    request: StarterRequest = StarterRequest(),  # noqa: B008  (frozen)
) -> str:
    """Writes the text of a starter configuration.

    Args:
        paths: The paths that it names.
        dialect: The dialect of the files.
        schema: The schema.
        profiles: The profiles of the schema's columns.
        request: The labels, split and settings that the command line asks for; their columns are in
            the schema.

    Returns:
        TOML that `shardmill run` takes unedited.

    Raises:
        DataError: No column has a value, or a label has none.
    """
    lines = _feature_lines(schema, profiles, request)
    return "\n".join(
        [
            "# Written by `shardmill init`. Run it with: shardmill run <this file>",
            f"# {profiles.rows:,} rows and {len(schema):,} columns were looked at.",
            "",
            *_input_lines(paths, dialect, schema, profiles, request),
            "",
            *_split_lines(request.table("split")),
            "",
            "[features]",
            '# A feature is named after its column, or says which: name = { kind = "z_score", column = "..." }.',
            *_label_lines(profiles, request),
            *(line.render() for line in lines),
            "",
            "[output]",
            *_output_lines(paths.output, request.table("output")),
            "",
        ]
    )


def label_example(profiles: Profiles) -> str:
    """Writes a line that makes the likeliest column a label."""
    return f"{toml_key(_likely_label(profiles).name)} = {_LABEL}"


def _likely_label(profiles: Profiles) -> ColumnProfile:
    """Chooses a column with a label's name, else the last.

    Columns with a single value count only if there are no others.
    """
    found = [profile for profile in profiles if profile.distinct_estimate > 1] or list(profiles)
    return next((profile for profile in found if profile.name.lower() in USUAL_LABELS), found[-1])


def _input_lines(
    paths: StarterPaths, dialect: Dialect, schema: Schema, profiles: Profiles, request: StarterRequest
) -> list[str]:
    lines = ["[input]", f"files = {_value(list(paths.files))}", f"schema = {toml_string(paths.schema)}"]
    asked = request.table("input")
    for field in fields(Dialect):
        # Written as on the command line: a codec has several names.
        name, value = field.name, asked.get(field.name, getattr(dialect, field.name))
        if value != getattr(_DEFAULTS, name) or name == "null_values" or name in request.dialect:
            comment = "  # cells that are missing" if name == "null_values" else ""
            if name == "columns" and name not in request.dialect:
                comment = "  # the files don't name them: do"
            lines.append(f"{name} = {_value('' if value is None else value)}{comment}")
    lines += [f"{name} = {_value(value)}" for name, value in asked.items() if name not in request.dialect]
    infinite = [column.name for column in schema if column.type is ColumnType.FLOAT and profiles[column.name].infinite]
    if infinite and "infinite" not in asked:
        cells = sum(profiles[name].infinite for name in infinite)
        more = f" and {len(infinite) - 1} more" if infinite[1:] else ""
        lines.append(f'infinite = "missing"  # {cells:,} in column {_shorten(infinite[0])}{more}; or "keep", "reject"')
    bad = sum(profile.unusable for profile in profiles) / max(1, profiles.rows)
    labels = [profiles[name] for name in request.label_columns]
    unlabelled = sum(label.absent + label.infinite for label in labels) / max(1, profiles.rows)
    if bad + unlabelled > _BAD_FRACTION / 2 and "max_bad_fraction" not in asked:
        # Twice the share, rounded up: each bad cell may be in another row, and rows may be bad in
        # other ways, too.
        allowed = min(1.0, math.ceil((bad + unlabelled) * 2 * 100) / 100)
        reasons = [f"{bad:.1%} of the rows may hold a cell that its column's type can't"] if bad else []
        reasons += [f"{unlabelled:.1%} may lack a label"] if unlabelled else []
        lines.append(f"max_bad_fraction = {allowed}  # {', '.join(reasons)}")
    return lines


def _split_lines(split: Mapping[str, Any]) -> list[str]:
    if split:
        key = (
            [] if "key" in split else ['# key = ["..."]  # columns whose rows stay together; without it, the whole row']
        )
        return [
            "[split]  # by a hash of the key; statistics come from `train` only",
            *(f"{toml_key(name)} = {_value(value)}" for name, value in split.items()),
            *key,
        ]
    return [
        "# All rows are for training. To hold some out, by a hash of their key so that equal keys stay together:",
        "# [split]",
        "# train = 0.8",
        "# eval = 0.1",
        "# test = 0.1",
        '# key = ["..."]  # columns; without it, the whole row',
    ]


def _output_lines(folder: str, asked: Mapping[str, Any]) -> list[str]:
    settings: dict[str, Any] = {"dir": folder, **asked}
    sharded = any(name in settings for name in SHARDINGS)
    lines = [f"{name} = {_value(value)}" for name, value in settings.items()]
    return lines if sharded else [*lines, "shards = 8  # per split"]


def _label_lines(profiles: Profiles, request: StarterRequest) -> list[str]:
    what = "# What a model is to predict is a label: written to the shards, not asked for in serving."
    if request.label_columns:
        return [what]
    lines = [
        what,
        "# NO COLUMN IS A LABEL YET, so there is nothing for a model to predict. To make one, change its line, for example to:",
        f"# {label_example(profiles)}",
    ]
    if _likely_label(profiles).absent > _BAD_FRACTION / 2 * profiles.rows:
        lines.append(
            "# Rows without one are rejected: max_bad_fraction in [input] says how many may be, "
            f"{_BAD_FRACTION} by default."
        )
    return lines


def _feature_lines(schema: Schema, profiles: Profiles, request: StarterRequest) -> list[_Line]:
    asked = dict(request.table("features"))
    labels = request.label_columns
    lines = []
    for column in schema:
        line = _choose(profiles[column.name], column.type, schema)
        if column.name in asked:
            line = _Line(column.name, _value(asked.pop(column.name)), line.facts)
        elif column.name in request.labels:
            line = _Line(column.name, _LABEL, line.facts)
        elif column.name in labels:
            line = _Line(column.name, line.value, line.facts, f"the label {labels[column.name]!r}")
        if labels.get(column.name) == column.name:
            _check_label(profiles[column.name])
        lines.append(line)
    lines += [_Line(name, _value(value), "") for name, value in asked.items()]
    others = [line for line in lines if line.name not in labels and line.name not in labels.values()]
    if not others:
        raise DataError("every column is a label; expected one at least for a model to learn from")
    rescued = {line.name: line for line in _rescue(others, profiles)} if all(line.skipped for line in others) else {}
    return [rescued.get(line.name, line) for line in lines]


def _check_label(profile: ColumnProfile) -> None:
    if profile.absent == profile.rows:
        raise DataError(
            f"the label {profile.name!r} has no values, so there is nothing to predict; check which spellings count as missing "
            "(set [input] null_values)"
        )


def _choose(profile: ColumnProfile, column_type: ColumnType, schema: Schema) -> _Line:
    facts = _facts(profile, column_type)
    present = profile.rows - profile.absent
    if present <= 0:
        return _Line(profile.name, '"vocabulary"', facts, "no values")
    if column_type is ColumnType.BYTES:
        value, skipped = _choose_for_text(profile, present, schema)
    elif column_type is ColumnType.INT and _are_codes(profile, present):
        value, skipped = _table(kind="vocabulary", num_oov_buckets=1), None
    else:
        # No indicator where its output would have another column's name.
        value = _z_score(profile, indicator=f"{profile.name}_missing" not in schema)
        skipped = "counts the rows" if _is_row_number(profile, present) else None
    if profile.distinct_count == 1 and not profile.absent:
        skipped = "one value in all rows"
    elif present * _RARE < profile.rows:
        skipped = "nearly no values"
    return _Line(profile.name, value, facts, skipped)


def _choose_for_text(profile: ColumnProfile, present: int, schema: Schema) -> tuple[str, str | None]:
    distinct = profile.distinct_estimate
    parts = _date_parts(profile, schema)
    if parts:
        return _table(kind="datetime", format=profile.date_format, parts=parts), None
    if present > 1 and distinct >= _UNIQUE * present:
        long = profile.lengths is not None and profile.lengths[1] > _LONG_TEXT
        return _table(
            kind="hash", num_buckets=1000
        ), "free text" if long else "nearly all values differ, as in an identifier"
    if profile.distinct.is_exact and distinct <= _TOP_K:
        return _table(kind="vocabulary", num_oov_buckets=1), None
    return _table(kind="vocabulary", top_k=_TOP_K, num_oov_buckets=1), None


def _date_parts(profile: ColumnProfile, schema: Schema) -> list[str]:
    """Returns the parts of a column's dates, if any.

    Minutes count only where there are no days.
    """
    text = profile.date_format or ""
    parts = [part for part, letter in _PARTS.items() if letter in text and (part != "minute" or "%d" not in text)]
    return [part for part in parts if f"{profile.name}_{part}" not in schema]


def _are_codes(profile: ColumnProfile, present: int) -> bool:
    """Whether integers are few and close together, like codes."""
    distinct, limits = profile.distinct_count, profile.cells.integers
    if distinct is None or limits is None:
        return False
    return distinct <= _FEW and distinct * _ROWS_PER_CODE <= present and limits[1] - limits[0] < 2 * distinct


def _is_row_number(profile: ColumnProfile, present: int) -> bool:
    """Whether integers number the rows.

    Then each integer from the least to the greatest occurs once.
    """
    limits = profile.cells.integers
    if limits is None or present <= _FEW or limits[1] - limits[0] + 1 != present:
        return False
    distinct = profile.distinct_count
    return distinct == present or (distinct is None and profile.distinct_estimate > _NEARLY_UNIQUE * present)


def _z_score(profile: ColumnProfile, *, indicator: bool) -> str:
    if not profile.absent:
        return '"z_score"'
    if indicator and profile.absent > _INDICATOR * profile.rows:
        return _table(kind="z_score", missing="median", indicator=True)
    return _table(kind="z_score", missing="median")


def _rescue(lines: list[_Line], profiles: Profiles) -> list[_Line]:
    """Uses the first column with values, although it was skipped.

    A configuration without any feature wouldn't run.
    """
    for position, line in enumerate(lines):
        if profiles[line.name].rows > profiles[line.name].absent:
            used = _Line(line.name, line.value, f"{line.facts}; {line.skipped}, but there is no better column")
            return [*lines[:position], used, *lines[position + 1 :]]
    raise DataError(
        "no column has a value to learn from: all cells are missing, or there are no rows; "
        "check the files, and which spellings count as missing (set [input] null_values)"
    )


def _facts(profile: ColumnProfile, column_type: ColumnType) -> str:
    words = {ColumnType.INT: "integer", ColumnType.FLOAT: "float", ColumnType.BYTES: "text"}
    facts = [f"{profile.date_format} text" if profile.date_format else words[column_type]]
    facts.append(_distinct(profile))
    if profile.absent:
        facts.append(f"{_percent(profile.absent, profile.rows)} missing")
    if column_type is ColumnType.BYTES:
        examples = ", ".join(_shorten(example) for example in profile.distinct.examples)
        facts += [f"e.g. {examples}"] if examples else []
        facts += [_DECIMAL_COMMAS] if has_decimal_commas(profile) else []
    else:
        facts += _range(profile)
        if column_type is ColumnType.FLOAT and max(map(abs, profile.cells.integers or (0,))) > _EXACT:
            facts.append(f"integers beyond {_EXACT:,} are rounded to float32")
        if profile.unusable:
            facts.append(f"{profile.unusable:,} cells of another type: their rows are rejected")
    return ", ".join(facts)


def _distinct(profile: ColumnProfile) -> str:
    exact = profile.distinct_count
    if exact is not None:
        return f"{exact:,} distinct"
    # The estimate has two significant digits; rounded up, it may exceed the number of cells.
    rounded = round(float(f"{profile.distinct_estimate:.2g}"))
    return f"about {min(rounded, profile.rows - profile.absent):,} distinct"


def _range(profile: ColumnProfile) -> list[str]:
    limits = [limit for pair in (profile.cells.integers, profile.cells.floats) if pair for limit in pair]
    if not limits:
        return []
    low, high = min(limits), max(limits)
    exact = decide(profile).type is ColumnType.INT
    texts = [str(limit) if exact else f"{limit:g}" for limit in (low, high)]
    return [texts[0] if low == high else " to ".join(texts)]


def _percent(part: int, whole: int) -> str:
    share = 100 * part / whole
    if part < whole < part * _NEARLY_ALL:
        return "over 99 %"
    return f"{share:.0f} %" if share >= 1 else f"{share:.1g} %"


def _shorten(text: str, width: int = 24) -> str:
    """Makes a text fit for a comment of one line."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return repr(text if len(text) <= width else text[: width - 3] + "...")


def toml_string(text: str) -> str:
    """Writes a text as a basic string of TOML."""
    return f'"{text.translate(_ESCAPES)}"'


def toml_key(name: str) -> str:
    """Writes a name as TOML's key, bare where allowed."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else toml_string(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, Mapping):
        return _table(**value)
    if isinstance(value, Iterable):
        items = list(map(_value, value))
        rows = [", ".join(items[start : start + _ROW]) for start in range(0, len(items), _ROW)]
        return f"[{rows[0]}]" if len(rows) == 1 else "".join(["[\n", *(f"    {row},\n" for row in rows), "]"])
    return str(value)


def _table(**entries: object) -> str:
    return f"{{ {', '.join(f'{toml_key(key)} = {_value(value)}' for key, value in entries.items())} }}"
