"""Allows for bad rows, and tells rows to doubt."""

import math

from shardmill.pipelines.config.input_section import InputConfig
from shardmill.pipelines.console.printable import one_line
from shardmill.pipelines.init.column_facts import shorten
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.schemas.messages import quoted
from shardmill.transforms.rows.counts import located
from shardmill.transforms.rows.doubtful_rows import DoubtfulRows
from shardmill.transforms.sniff.decision import Decision

BAD_FRACTION = InputConfig.max_bad_fraction
"""The share of bad rows that a run allows where nothing else is said."""

# How much the allowed share may exceed the one that was seen.
_MARGIN = 0.05


def row_decisions(survey: Survey, request: StarterRequest, likely: str) -> list[Decision]:
    """Tells the allowed share of bad rows, or rejected rows."""
    reasons, allowed = _reasons(survey, request, likely), _allowed(survey, request, likely)
    rejected = _rejected(survey)
    doubtful = doubtful_decisions(survey.profiled.doubtful, survey.profiled.read)
    if allowed is None:
        return [*([Decision("rows", *rejected, sure=False)] if rejected else []), *doubtful]
    # Rows without a label are as expected where a label is missing.
    sure = bool(request.label_columns) and not rejected and not _unusable(survey)
    return [Decision("max_bad_fraction", str(allowed), "; ".join(reasons), sure=sure), *doubtful]


def doubtful_decisions(doubtful: DoubtfulRows, read: int) -> list[Decision]:
    """Tells rows that are read, but may be no data.

    Args:
        doubtful: These rows.
        read: The number of all rows.
    """
    found = []
    first = doubtful.first_empty
    if first is not None:
        have = "has" if doubtful.empty == 1 else "have"
        where = f"read all the same; the first: {first.file}, line {first.line}"
        found.append(
            Decision("rows", f"{doubtful.empty:,} of {read:,} {have} no value in any column", where, sure=False)
        )
    if doubtful.last:
        told = [
            f"{row.file}, line {row.line} looks like {row.kind}: {shorten(row.text)}" for row in doubtful.first_last
        ]
        told += [f"and {doubtful.last - len(told):,} more"] if doubtful.last > len(told) else []
        found.append(Decision("last rows", "read as data", "; ".join(told), sure=False))
    return found


def bad_row_lines(survey: Survey, request: StarterRequest, likely: str) -> list[str]:
    """Writes the allowed share of bad rows, with the reasons.

    Args:
        survey: The findings about the files.
        request: The labels and settings that the command line asks for.
        likely: The column that is likely to become the label where the command line names none.
    """
    reasons, allowed = _reasons(survey, request, likely), _allowed(survey, request, likely)
    if allowed is not None:
        return [f"max_bad_fraction = {allowed}  # {'; '.join(reasons)}"]
    return [f"# {reasons[0]}"] if _rejected(survey) else []


def _allowed(survey: Survey, request: StarterRequest, likely: str) -> float | None:
    """The allowed share of bad rows, None without need.

    It exceeds the share that was seen, but not by much: rows may be bad in other ways, too.
    """
    rejected = survey.profiled.rejections.total / max(1, survey.profiled.read)
    bad = rejected + _unusable(survey) + _unlabelled(survey, request, likely)
    if bad <= BAD_FRACTION / 2 or "max_bad_fraction" in request.table("input"):
        return None
    return min(1.0, math.ceil(round(min(2 * bad, bad + _MARGIN) * 100, 6)) / 100)


def _reasons(survey: Survey, request: StarterRequest, likely: str) -> list[str]:
    rejected, unusable, unlabelled = _rejected(survey), _unusable(survey), _unlabelled(survey, request, likely)
    reasons = [", ".join(rejected)] if rejected else []
    reasons += [f"{unusable:.1%} of the rows may hold a cell that its column's type can't"] if unusable else []
    if not unlabelled:
        return reasons
    label = "a label" if request.label_columns else f"a label if {quoted(likely)} is made one"
    return [*reasons, f"{unlabelled:.1%} may lack {label}"]


def _unusable(survey: Survey) -> float:
    """The largest share of rows with unusable cells."""
    # Each may be in another row.
    return sum(profile.unusable for profile in survey.profiles) / max(1, survey.profiled.read)


def _unlabelled(survey: Survey, request: StarterRequest, likely: str) -> float:
    """The largest share of rows without a label."""
    labels = [survey.profiles[name] for name in request.label_columns or (likely,)]
    return sum(label.absent + label.infinite for label in labels) / max(1, survey.profiled.read)


def _rejected(survey: Survey) -> tuple[str, str] | None:
    """How many rows are rejected, and the first of them."""
    rejections = survey.profiled.rejections
    if not rejections.total:
        return None
    are = "is" if rejections.total == 1 else "are"
    first = one_line(located(rejections.first[0][1]))
    return f"{rejections.total:,} of {survey.profiled.read:,} {are} rejected", f"the first: {first}"
