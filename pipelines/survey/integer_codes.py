"""Recognizes integers that stand for something, and are no amounts."""

from collections.abc import Iterator, Mapping, Sequence

from shardmill.pipelines.survey.identifiers import is_amount
from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.inference.name_words import words_of
from shardmill.schemas.messages import listed
from shardmill.schemas.schema import ColumnType, Schema

_FEW = 24  # the most distinct integers taken for codes rather than amounts, such as the hours of a day
_ROWS_PER_CODE = 10  # the fewest rows for each distinct code
_ALIKE = 2  # the fewest columns that others are like
_NAMED = 3  # the most of them to name
_FLAGS = (0, 1)


def integer_codes(schema: Schema, profiles: Profiles) -> Mapping[str, str]:
    """Finds the columns of codes.

    Columns whose names differ only in a number at the end are treated alike: of those with few
    values that repeat, the most decide.

    Args:
        schema: The columns.
        profiles: Their profiles.

    Returns:
        By column a reason, which is empty where the column's own values are enough.
    """
    integers = [profiles[column.name] for column in schema if column.type is ColumnType.INT]
    codes = {profile.name: "" for profile in integers if _are_codes(profile)}
    for siblings in _numbered(integers):
        alike = [name for name in siblings if name in codes]
        others = [name for name in siblings if name not in codes]
        if len(alike) >= max(_ALIKE, len(others)):
            codes |= dict.fromkeys(others, f"codes, as {listed(alike, _NAMED)} are")
        elif len(others) >= _ALIKE:
            codes = {name: reason for name, reason in codes.items() if name not in alike}
    return codes


def are_flags(profile: ColumnProfile) -> bool:
    """Whether all integers are 0 or 1, and both occur."""
    return profile.distinct_count == len(_FLAGS) and profile.cells.integers == _FLAGS


def _are_codes(profile: ColumnProfile) -> bool:
    """Whether integers are two, or few and close together."""
    distinct, limits, present = profile.distinct_count, profile.cells.integers, profile.rows - profile.absent
    if distinct is None or limits is None or is_amount(profile.name):
        return False
    if distinct == len(_FLAGS) and (limits[1] - limits[0] == 1 or present >= distinct * _ROWS_PER_CODE):
        return present > distinct
    return _are_few(profile) and limits[1] - limits[0] < 2 * distinct


def _are_few(profile: ColumnProfile) -> bool:
    """Whether there are few integers, each of which repeats."""
    distinct = profile.distinct_count
    return distinct is not None and distinct <= min(_FEW, (profile.rows - profile.absent) // _ROWS_PER_CODE)


def _numbered(integers: Sequence[ColumnProfile]) -> Iterator[list[str]]:
    """Yields the columns of few values whose names differ in a number."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for profile in integers:
        *stem, last = words_of(profile.name) or ("",)
        varies = profile.distinct_count != 1 and not are_flags(profile)
        if last.isdigit() and varies and _are_few(profile) and not is_amount(profile.name):
            groups.setdefault(tuple(stem), []).append(profile.name)
    yield from groups.values()
