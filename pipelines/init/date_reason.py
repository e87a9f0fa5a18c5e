"""Tells how a column's dates are read."""

from shardmill.schemas.inference.date_formats import INTEGER_DATES, by_preference, is_date
from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.messages import plural

# Fewer dates than these say nothing about a column.
_FEWEST = 2


def date_reason(profile: ColumnProfile) -> tuple[str, bool]:
    """Describes the format of a column's dates.

    Args:
        profile: The column's profile, with a `date_format`.

    Returns:
        The description, and whether no other reading is as likely.
    """
    layout = profile.date_format or ""
    told = [f"{'dates' if is_date(layout) else 'times'} as {layout}"]
    if profile.date_rivals:
        rivals = " and ".join(profile.date_rivals)
        told.append(f"all values fit {rivals} as well, so change `format` if that is meant")
    if layout in INTEGER_DATES:
        told.append("integers that are all days of the calendar")
    if "%y" in layout:
        told.append("years 69 to 99 are 1969 to 1999, others 2000 to 2068")
    if "%z" in layout:
        told.append("in UTC")
    if profile.undated:
        fit = "doesn't fit and counts" if profile.undated == 1 else "don't fit and count"
        told.append(f"{plural(profile.undated, 'value')} {fit} as missing")
    return "; ".join(told), not profile.date_rivals and layout not in INTEGER_DATES


def mixture_reason(profile: ColumnProfile) -> str:
    """Tells that dates have several formats, else "".

    At least half of the column's cells must be dates.
    """
    formats = profile.cells.formats
    dates = profile.cells.of(Spelling.DATE)
    names = [name for name in by_preference(formats) if name not in INTEGER_DATES][:2]
    if 2 * dates < profile.present or dates < _FEWEST or profile.may_be_versions:
        return ""
    if not names[1:] or formats[names[0]] == dates:
        return ""
    told = [f"{name} ({plural(formats[name], 'cell')})" for name in names]
    return f"dates in several formats, such as {' and '.join(told)}"
