"""Chooses the feature to make of each column."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.pipelines.console.printable import one_line
from shardmill.pipelines.init.column_facts import column_facts, shorten
from shardmill.pipelines.init.date_reason import date_reason, mixture_reason
from shardmill.pipelines.init.feature_line import LABEL, FeatureLine
from shardmill.pipelines.init.toml_text import toml_table, toml_value
from shardmill.pipelines.survey.found_lists import FoundList, find_list
from shardmill.pipelines.survey.identifiers import identify, is_unique
from shardmill.pipelines.survey.integer_codes import are_flags, integer_codes
from shardmill.pipelines.survey.second_look import OddCells
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.schemas.inference.date_formats import is_date
from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import Column, ColumnType, Schema
from shardmill.transforms.kinds.dates.date_kind import parts_of
from shardmill.transforms.kinds.dates.date_text import parse_format

_FEW_ROWS = 20  # rows of which different texts say nothing yet
_FEWEST_EQUAL = 10  # rows from which one value in all of them says something
_TOP_K = 10_000  # the largest vocabulary
_LONG_TEXT = 100  # characters of a text that is free text rather than an identifier
_INDICATOR = 0.05  # the share of missing cells from which their absence becomes a feature
_RARE = 1000  # the most rows for each value that isn't missing: a model learns nothing from fewer values
_MULTI_HOT = 200  # the most different elements of lists that become zeros and ones
_UNLIKE = "nearly all values differ"
_CONSTANT = "one value in all rows"
_FREE_TEXT = "free text"
_VOCABULARY = toml_table(kind="vocabulary", num_oov_buckets=1)
_HASH = toml_table(kind="hash", num_buckets=1000)
_TOKENS = toml_table(kind="tokens", lower=True, strip_punctuation=True, top_k=_TOP_K, max_tokens=200)
_PARTS = ("year", "month", "day", "weekday", "hour", "minute")  # the parts of dates to learn from


def feature_lines(survey: Survey, request: StarterRequest) -> list[FeatureLine]:
    """Chooses the feature of each column, and adds requested ones.

    Args:
        survey: The findings about the files.
        request: The labels and features that the command line asks for.

    Raises:
        DataError: There are no rows, no column has a value, a label has none, or all columns are
            labels.
    """
    if not survey.profiled.read:
        below = " below the header" if survey.dialect.header else ""
        raise DataError(f"there are no rows{below}, so there is nothing to learn from; check the files")
    schema, profiles = survey.schema, survey.profiles
    codes = integer_codes(schema, profiles)
    asked = dict(request.table("features"))
    labels = request.label_columns
    lines = []
    for column in schema:
        line = _choose(column, survey, codes)
        told = line if column.name in survey.odd else FeatureLine(column.name, "", line.facts)
        if column.name in asked:
            line = replace(told, value=toml_value(asked.pop(column.name)), used=True)
        elif column.name in request.labels:
            line = replace(told, value=LABEL, used=True)
        elif column.name in labels:
            line = FeatureLine(column.name, line.value, line.facts, f"the label {labels[column.name]!r}", used=False)
        if labels.get(column.name) == column.name:
            _check_label(profiles[column.name])
        lines.append(line)
    lines += [FeatureLine(name, toml_value(value), "") for name, value in asked.items()]
    others = [line for line in lines if line.name not in labels and line.name not in labels.values()]
    if not others:
        raise DataError("every column is a label; expected one at least for a model to learn from")
    rescued = {line.name: line for line in _rescue(others, profiles)} if not any(line.used for line in others) else {}
    return [rescued.get(line.name, line) for line in lines]


def check_context(lines: Sequence[FeatureLine], request: StarterRequest) -> None:
    """Checks that `[sequence] context` names features that there are.

    Args:
        lines: The lines of `[features]`.
        request: The settings that the command line asks for.

    Raises:
        ConfigError: A name is no feature's.
    """
    names = [line.name for line in lines if line.used]
    for name in request.table("sequence").get("context", ()):
        # Some kinds add to their name: a date's parts, the flag of missing cells.
        if not any(name == each or name.startswith((f"{each}_", f"{each}$")) for each in names):
            left_out = any(line.name == name for line in lines)
            hint = f"; its line is commented out: --set features.{name}=..." if left_out else did_you_mean(name, names)
            raise ConfigError(f"--set sequence.context: there is no feature {name!r}{hint}")


def _check_label(profile: ColumnProfile) -> None:
    if profile.absent == profile.rows:
        raise DataError(
            f"the label {profile.name!r} has no values, so there is nothing to predict; check which spellings count as missing "
            "(set [input] null_values)"
        )


def _choose(column: Column, survey: Survey, codes: Mapping[str, str]) -> FeatureLine:
    name, profile = column.name, survey.profiles[column.name]
    facts = column_facts(profile, column.type)
    empty = _emptiness(profile)
    if empty:
        return FeatureLine(name, _kind_of(column, profile, survey, codes), facts, empty, used=False)
    identity = identify(profile, column.type, unnamed=name == survey.unnamed, ascending=name in survey.ascending)
    if identity is None:
        value, used = _kind_of(column, profile, survey, codes), True
    else:
        value, used = _HASH if identity.is_unique else _vocabulary(profile), not identity.is_unique
    # A name says more about a column than many cells that are odd.
    if name in survey.odd and (survey.odd[name].few or identity is None):
        reason, detail = _describe_odd(survey.odd[name], column, present := profile.rows - profile.absent)
        used &= column.type is not ColumnType.BYTES or not is_unique(profile) or present < _FEW_ROWS
        return FeatureLine(name, value, facts, reason, detail, used=used, sure=False)
    text = column.type is ColumnType.BYTES and not profile.date_format
    lists = find_list(profile) if text else None
    if lists is not None:
        return FeatureLine(name, _list(lists), facts, lists.reason, sure=lists.is_sure)
    if identity is not None:
        return FeatureLine(name, value, facts, identity.reason, used=used, sure=identity.sure)
    return _choose_text(profile, value, facts) if text else _choose_other(column, survey, codes, value, facts)


def _choose_text(profile: ColumnProfile, value: str, facts: str) -> FeatureLine:
    unlike, mixture = _unlikeness(profile), mixture_reason(profile)
    if mixture:
        return FeatureLine(profile.name, _HASH if unlike else value, facts, mixture, used=not unlike, sure=False)
    if unlike:
        offered = _TOKENS if unlike == _FREE_TEXT else _HASH
        return FeatureLine(profile.name, offered, facts, unlike, used=False, sure=unlike != _UNLIKE)
    return FeatureLine(profile.name, value, facts)


def _choose_other(column: Column, survey: Survey, codes: Mapping[str, str], value: str, facts: str) -> FeatureLine:
    profile = survey.profiles[column.name]
    if _date_parts(column, profile, survey.schema):
        reason, sure = date_reason(profile)
    else:
        reason = codes.get(column.name, "")
        sure = not reason
    return FeatureLine(column.name, value, facts, reason, sure=sure)


def _are_all_lines(profile: ColumnProfile) -> bool:
    """Whether all values span lines, which no token does."""
    kept = profile.distinct.strings
    values = pa.array(profile.distinct.examples, pa.string()) if kept is None else kept
    return len(values) > 0 and bool(pc.all(pc.match_substring_regex(values, r"[\r\n]")).as_py())


def _describe_odd(odd: OddCells, column: Column, cells: int) -> tuple[str, str]:
    """Tells the cells that are odd, and the first."""
    kind = "number" if not odd.date_format else "date" if is_date(odd.date_format) else "time"
    are, reject = (f"is no {kind}", "rejects its row") if odd.count == 1 else (f"are no {kind}s", "reject their rows")
    are += f" as {odd.date_format}" if odd.date_format else ""
    what = are if column.type is ColumnType.BYTES else f"{are} and {reject}"
    reason = f"{odd.count:,} of {cells:,} cells {what}"
    if not odd.line:
        return reason, ""
    return f"{reason}, the first in {one_line(odd.file)}, line {odd.line}", shorten(odd.cell)


def _emptiness(profile: ColumnProfile) -> str:
    """Tells why there is nothing to learn from, else ""."""
    present = profile.rows - profile.absent
    if present <= 0:
        return "no values"
    if profile.distinct_count == 1 and not profile.absent and profile.rows >= _FEWEST_EQUAL:
        return _CONSTANT
    return "nearly no values" if present * _RARE < profile.rows else ""


def _unlikeness(profile: ColumnProfile) -> str:
    """Tells why texts can't be learned from, else ""."""
    if _are_all_lines(profile):
        return _FREE_TEXT
    if not is_unique(profile):
        return ""
    if profile.lengths is not None and profile.lengths[1] > _LONG_TEXT:
        return _FREE_TEXT
    few = profile.rows - profile.absent < _FEW_ROWS
    return "" if few else _UNLIKE


def _kind_of(column: Column, profile: ColumnProfile, survey: Survey, codes: Mapping[str, str]) -> str:
    """Chooses the kind of a column that isn't an identifier."""
    schema = survey.schema
    # Words for true and false say that the missing third isn't a category.
    spelled = any(name == column.name and each.true_values for name, each in survey.dialect.numbers)
    parts = _date_parts(column, profile, schema)
    if parts:
        return toml_table(kind="datetime", format=profile.date_format, parts=parts)
    # No indicator where its output would have another column's name.
    indicator = f"{profile.name}_missing" not in schema
    if column.type is ColumnType.INT and are_flags(profile) and (spelled or not profile.absent):
        return _filled("numeric", profile, "mode", indicator=indicator)
    if column.type is ColumnType.BYTES or column.name in codes:
        return _vocabulary(profile)
    return _filled("z_score", profile, "median", indicator=indicator)


def _vocabulary(profile: ColumnProfile) -> str:
    if _are_all_lines(profile):
        return _HASH
    if profile.distinct.is_exact and profile.distinct_estimate <= _TOP_K:
        return _VOCABULARY
    return toml_table(kind="vocabulary", top_k=_TOP_K, num_oov_buckets=1)


def _list(lists: FoundList) -> str:
    if lists.elements is not None and lists.elements <= _MULTI_HOT:
        return toml_table(kind="multi_hot", delimiter=lists.delimiter, num_oov_buckets=1)
    return toml_table(kind="sequence", delimiter=lists.delimiter, top_k=_TOP_K)


def _date_parts(column: Column, profile: ColumnProfile, schema: Schema) -> list[str]:
    """Returns the parts of a column's dates, if any.

    Minutes count only where there are no days.
    """
    if profile.date_format is None or column.type is ColumnType.FLOAT:
        return []
    given = parts_of(parse_format(profile.date_format))
    parts = [part for part in _PARTS if part in given and (part != "minute" or "day" not in given)]
    return [part for part in parts if f"{profile.name}_{part}" not in schema]


def _filled(kind: str, profile: ColumnProfile, missing: str, *, indicator: bool) -> str:
    """A kind of numbers, with what replaces missing ones."""
    if not profile.absent:
        return toml_value(kind)
    if indicator and profile.absent > _INDICATOR * profile.rows:
        return toml_table(kind=kind, missing=missing, indicator=True)
    return toml_table(kind=kind, missing=missing)


def _rescue(lines: list[FeatureLine], profiles: Profiles) -> list[FeatureLine]:
    """Uses a column with values, although it was skipped.

    A configuration without any feature wouldn't run. Columns of one value come last.
    """
    filled = [line for line in lines if profiles[line.name].rows > profiles[line.name].absent]
    if not filled:
        raise DataError(
            "no column has a value to learn from: all cells are missing; "
            "check the files, and which spellings count as missing (set [input] null_values)"
        )
    best = min(filled, key=lambda line: line.reason == _CONSTANT)
    used = FeatureLine(best.name, best.value, best.facts, f"{best.reason}, but there is no better column")
    return [used if line is best else line for line in lines]
