"""Chooses the feature to make of each column."""

from dataclasses import dataclass

from shardmill.pipelines.init.column_facts import column_facts
from shardmill.pipelines.init.label_lines import LABEL
from shardmill.pipelines.init.starter_request import StarterRequest
from shardmill.pipelines.init.survey import Survey
from shardmill.pipelines.init.toml_text import toml_key, toml_table, toml_value
from shardmill.schemas.errors import DataError
from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.schema import ColumnType, Schema

_FEW = 24  # the most distinct integers taken for codes rather than amounts, such as the hours of a day
_ROWS_PER_CODE = 10  # the fewest rows for each distinct code
_TOP_K = 10_000  # the largest vocabulary
_UNIQUE = 0.9  # the share of distinct values from which a column is an identifier
_NEARLY_UNIQUE = 0.8  # the same where the number is estimated, maybe a tenth too low
_LONG_TEXT = 100  # characters of a text that is free text rather than an identifier
_INDICATOR = 0.05  # the share of missing cells from which their absence becomes a feature
_RARE = 1000  # the most rows for each value that isn't missing: a model learns nothing from fewer values
_PARTS = {"year": "%Y", "month": "%m", "day": "%d", "weekday": "%d", "hour": "%H", "minute": "%M"}


@dataclass(frozen=True)
class FeatureLine:
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
        """Writes the line."""
        entry = f"{toml_key(self.name)} = {self.value}"
        if self.skipped is None:
            return f"{entry}  # {self.facts}" if self.facts else entry
        return f"# {entry}  # {self.skipped}: {self.facts}"


def feature_lines(survey: Survey, request: StarterRequest) -> list[FeatureLine]:
    """Chooses the feature of each column, and adds requested ones.

    Args:
        survey: The findings about the files.
        request: The labels and features that the command line asks for.

    Raises:
        DataError: No column has a value, a label has none, or all columns are labels.
    """
    schema, profiles = survey.schema, survey.profiles
    asked = dict(request.table("features"))
    labels = request.label_columns
    lines = []
    for column in schema:
        line = _choose(profiles[column.name], column.type, schema)
        if column.name in asked:
            line = FeatureLine(column.name, toml_value(asked.pop(column.name)), line.facts)
        elif column.name in request.labels:
            line = FeatureLine(column.name, LABEL, line.facts)
        elif column.name in labels:
            line = FeatureLine(column.name, line.value, line.facts, f"the label {labels[column.name]!r}")
        if labels.get(column.name) == column.name:
            _check_label(profiles[column.name])
        lines.append(line)
    lines += [FeatureLine(name, toml_value(value), "") for name, value in asked.items()]
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


def _choose(profile: ColumnProfile, column_type: ColumnType, schema: Schema) -> FeatureLine:
    facts = column_facts(profile, column_type)
    present = profile.rows - profile.absent
    if present <= 0:
        return FeatureLine(profile.name, '"vocabulary"', facts, "no values")
    if column_type is ColumnType.BYTES:
        value, skipped = _choose_for_text(profile, present, schema)
    elif column_type is ColumnType.INT and _are_codes(profile, present):
        value, skipped = toml_table(kind="vocabulary", num_oov_buckets=1), None
    else:
        # No indicator where its output would have another column's name.
        value = _z_score(profile, indicator=f"{profile.name}_missing" not in schema)
        skipped = "counts the rows" if _is_row_number(profile, present) else None
    if profile.distinct_count == 1 and not profile.absent:
        skipped = "one value in all rows"
    elif present * _RARE < profile.rows:
        skipped = "nearly no values"
    return FeatureLine(profile.name, value, facts, skipped)


def _choose_for_text(profile: ColumnProfile, present: int, schema: Schema) -> tuple[str, str | None]:
    distinct = profile.distinct_estimate
    parts = _date_parts(profile, schema)
    if parts:
        return toml_table(kind="datetime", format=profile.date_format, parts=parts), None
    if present > 1 and distinct >= _UNIQUE * present:
        long = profile.lengths is not None and profile.lengths[1] > _LONG_TEXT
        return toml_table(
            kind="hash", num_buckets=1000
        ), "free text" if long else "nearly all values differ, as in an identifier"
    if profile.distinct.is_exact and distinct <= _TOP_K:
        return toml_table(kind="vocabulary", num_oov_buckets=1), None
    return toml_table(kind="vocabulary", top_k=_TOP_K, num_oov_buckets=1), None


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
        return toml_table(kind="z_score", missing="median", indicator=True)
    return toml_table(kind="z_score", missing="median")


def _rescue(lines: list[FeatureLine], profiles: Profiles) -> list[FeatureLine]:
    """Uses the first column with values, although it was skipped.

    A configuration without any feature wouldn't run.
    """
    for position, line in enumerate(lines):
        if profiles[line.name].rows > profiles[line.name].absent:
            used = FeatureLine(line.name, line.value, f"{line.facts}; {line.skipped}, but there is no better column")
            return [*lines[:position], used, *lines[position + 1 :]]
    raise DataError(
        "no column has a value to learn from: all cells are missing, or there are no rows; "
        "check the files, and which spellings count as missing (set [input] null_values)"
    )
