"""Tells how a column's dates are read."""

from shardmill.schemas.inference.date_formats import INTEGER_DATES
from shardmill.schemas.inference.infer import ColumnProfile
from shardmill.schemas.messages import plural


def date_reason(profile: ColumnProfile) -> tuple[str, bool]:
    """Describes the format of a column's dates.

    Args:
        profile: The column's profile, with a `date_format`.

    Returns:
        The description, and whether no other reading is as likely.
    """
    layout = profile.date_format or ""
    date = any(f"%{letter}" in layout for letter in "Yymd")
    told = [f"{'dates' if date else 'times'} as {layout}"]
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
