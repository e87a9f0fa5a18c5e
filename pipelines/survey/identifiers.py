"""Recognizes identifiers, codes and row numbers by name and values.

Their numbers are no amounts, so that a mean of them says nothing.
"""

from dataclasses import dataclass

from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.name_words import ID_WORDS, words_of
from shardmill.schemas.schema import ColumnType

FEW = 24
"""The most integers in a row that aren't taken for row numbers without a name that says so."""

_UNIQUE = 0.9  # the share of distinct values from which a column is an identifier
_NEARLY_UNIQUE = 0.8  # the same where the number is estimated, maybe a tenth too low
_DENSE = 1.2  # the range of integers that count the rows with gaps, by their number
_CODE_DIGITS = 8  # digits that all numbers of a column have if they are codes rather than amounts
# Seconds and milliseconds since 1970, of the years 2001 to 2096: they have so many digits, too.
_EPOCHS = ((10**9, 4 * 10**9), (10**12, 4 * 10**12))
_DATES = (1_800_01_01, 2_100_12_31)  # dates written as one number

_AMOUNTS = frozenset({"age", "amount", "count", "price", "total"})
_PHONE = frozenset({"phone", "telephone", "fax"})

_ROW_NAMES = frozenset(
    {"index", "idx", "row", "row index", "row name", "row names", "rownames", "rowname", "row id", "rowid"}
    | {"row number", "row num", "row no", "rownumber", "rownum", "obs", "no", "nr", "s no", "sr no", "sno", "serial no"}
    | {"level 0", "unnamed 0", "1"}
)
_TIMES = frozenset(
    {"year", "yr", "years", "quarter", "month", "week", "day", "date", "time", "timestamp", "hour", "minute", "second"}
    | {"seconds", "epoch", "period", "age", "unix", "datetime"}
)


@dataclass(frozen=True)
class Identity:
    """An identifier.

    Attributes:
        reason: What speaks for one.
        is_unique: Whether nearly every row has a value of its own, so that there is nothing to
            learn from it; otherwise it is a code that repeats.
        sure: Whether the name speaks for one, too.
    """

    reason: str
    is_unique: bool = True
    sure: bool = True


def is_unique(profile: ColumnProfile) -> bool:
    """Whether nearly all values of a column differ."""
    present = profile.rows - profile.absent
    share = _UNIQUE if profile.distinct_count is not None else _NEARLY_UNIQUE
    return present > 1 and profile.distinct_estimate >= share * present


def is_consecutive(profile: ColumnProfile) -> bool:
    """Whether each integer from the least to the greatest occurs once."""
    limits, present = profile.cells.integers, profile.rows - profile.absent
    if limits is None or limits[1] - limits[0] + 1 != present:
        return False
    distinct = profile.distinct_count
    return distinct == present or (distinct is None and is_unique(profile))


def is_amount(name: str) -> bool:
    """Whether a name is that of an amount, however few different ones there are."""
    return not _AMOUNTS.isdisjoint(words_of(name))


def may_ascend(profile: ColumnProfile) -> bool:
    """Whether it would tell an identifier if a column's integers ascend."""
    return is_unique(profile) and not is_consecutive(profile) and not is_time(profile.name)


def is_time(name: str) -> bool:
    """Whether a name is that of a time or an age, whose integers may be in a row."""
    return not _TIMES.isdisjoint(words_of(name))


def identify(
    profile: ColumnProfile, column_type: ColumnType, *, unnamed: bool = False, ascending: bool = False
) -> Identity | None:
    """Recognizes an identifier.

    Args:
        profile: The column's profile.
        column_type: Its type in the schema. Those of floats aren't identifiers.
        unnamed: Whether it is the first column, and the header has no name for it.
        ascending: Whether it is known that each value is greater than the one before, in steps
            that differ.

    Returns:
        None means that nothing speaks for one.
    """
    if column_type is ColumnType.FLOAT or profile.date_format or profile.rows == profile.absent:
        return None
    numbers = column_type is ColumnType.INT
    if unnamed or " ".join(words_of(profile.name)) in _ROW_NAMES:
        if is_unique(profile) and (unnamed or not numbers or ascending or is_consecutive(profile)):
            reason = f"{'numbers' if numbers else 'names'} the rows"
            return Identity(f"{reason}, {'without a name' if unnamed else 'as its name says'}")
    elif _is_id_name(profile.name):
        if is_unique(profile) or profile.distinct_estimate == profile.rows == 1:
            return Identity("an identifier, as its name says, and nearly all values differ")
        return Identity("codes, as the name says", is_unique=False) if numbers else None
    return _identify_integers(profile, ascending=ascending) if numbers else None


def _identify_integers(profile: ColumnProfile, *, ascending: bool) -> Identity | None:
    """Recognizes an identifier by its values alone."""
    limits = profile.cells.integers
    few = profile.rows - profile.absent <= FEW
    if limits is None or few or (is_time(profile.name) and limits[0] not in (0, 1)):
        return None
    if is_consecutive(profile):
        return Identity("counts the rows")
    if _is_dense(profile, *limits):
        return Identity("counts the rows, with gaps", sure=False)
    if ascending and limits[0] >= 0 and is_unique(profile):
        return Identity("all values differ and ascend, as in an identifier", sure=False)
    digits = _code_digits(*limits)
    if digits is None:
        return None
    return Identity(f"all numbers have {digits} digits, as codes have", is_unique=is_unique(profile), sure=False)


def _is_dense(profile: ColumnProfile, low: int, high: int) -> bool:
    """Whether nearly each integer from the least to the greatest occurs once."""
    present = profile.rows - profile.absent
    return profile.distinct_count in (None, present) and is_unique(profile) and high - low < _DENSE * present


def _code_digits(low: int, high: int) -> int | None:
    """The number of digits of numbers that look like codes, by their limits."""
    digits = len(str(low))
    if low <= 0 or digits < _CODE_DIGITS or digits != len(str(high)):
        return None
    times = (*_EPOCHS, _DATES)
    return None if any(first <= low and high <= last for first, last in times) else digits


def _is_id_name(name: str) -> bool:
    words = [word for word in words_of(name) if not word.isdigit()]
    if not words:
        return False
    return words[0] == "id" or not _PHONE.isdisjoint(words[-2:]) or (words[-1] in ID_WORDS and words[-2:-1] != ["of"])
