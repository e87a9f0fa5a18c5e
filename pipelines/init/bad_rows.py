"""Allows for the bad rows seen in the data."""

import math

from shardmill.pipelines.config.input_section import InputConfig
from shardmill.pipelines.console.printable import one_line
from shardmill.pipelines.survey.starter_request import StarterRequest
from shardmill.pipelines.survey.survey import Survey
from shardmill.transforms.rows.counts import located
from shardmill.transforms.sniff.decision import Decision

BAD_FRACTION = InputConfig.max_bad_fraction
"""The share of bad rows that a run allows where nothing else is said."""

# How much the allowed share may exceed the one that was seen.
_MARGIN = 0.05


def row_decisions(survey: Survey) -> list[Decision]:
    """Tells the number of rejected rows, and the first."""
    rejections = survey.profiled.rejections
    if not rejections.total:
        return []
    return [Decision("rows", f"{_count(survey)} rejected", f"the first: {_first(survey)}", sure=False)]


def bad_row_lines(survey: Survey, request: StarterRequest) -> list[str]:
    """Writes the allowed share of bad rows, with the reasons.

    It exceeds the share that was seen, but not by much: rows may be bad in other ways, too.

    Args:
        survey: The findings about the files.
        request: The labels and settings that the command line asks for.
    """
    profiles, read = survey.profiles, max(1, survey.profiled.read)
    # Each bad cell may be in another row.
    unusable = sum(profile.unusable for profile in profiles) / read
    labels = [profiles[name] for name in request.label_columns]
    unlabelled = sum(label.absent + label.infinite for label in labels) / read
    rejected = survey.profiled.rejections.total
    reasons = [f"{_count(survey)} rejected, the first: {_first(survey)}"] if rejected else []
    reasons += [f"{unusable:.1%} of the rows may hold a cell that its column's type can't"] if unusable else []
    reasons += [f"{unlabelled:.1%} may lack a label"] if unlabelled else []
    bad = rejected / read + unusable + unlabelled
    if bad > BAD_FRACTION / 2 and "max_bad_fraction" not in request.table("input"):
        allowed = min(1.0, math.ceil(round(min(2 * bad, bad + _MARGIN) * 100, 6)) / 100)
        return [f"max_bad_fraction = {allowed}  # {'; '.join(reasons)}"]
    return [f"# {reasons[0]}"] if rejected else []


def _count(survey: Survey) -> str:
    total = survey.profiled.rejections.total
    return f"{total:,} of {survey.profiled.read:,} {'is' if total == 1 else 'are'}"


def _first(survey: Survey) -> str:
    return one_line(located(survey.profiled.rejections.first[0][1]))
