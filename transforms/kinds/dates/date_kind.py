"""The base class of kinds of dates and times.

It reads text in a known format, or seconds since 1970.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import TOKENS, Kind, Tensor, Trace
from shardmill.transforms.kinds.dates.date_text import DAY, Arithmetic, Cursor, Format, parse_format

# The least and the greatest value of each part.
PARTS: Mapping[str, tuple[int, int]] = {
    "year": (1, 9999),
    "month": (1, 12),
    "day": (1, 31),
    "hour": (0, 23),
    "minute": (0, 59),
    "second": (0, 59),
    "weekday": (0, 6),
    "day_of_year": (1, 366),
    "week_of_year": (1, 53),
    "quarter": (1, 4),
    "is_weekend": (0, 1),
}
# Units in a second, by format.
UNIX = {"unix": 1, "unix_ms": 1000}
# The field of a format, by its letter, that gives a part.
_CLOCK = {"hour": "H", "minute": "M", "second": "S"}
_DATE = (("month", "m"), ("month", "b"), ("month", "B"), ("day", "d"), ("day_of_year", "j"))
# Two-digit years from this one on are of the 20th century, as in POSIX.
_CENTURY = 69


def parts_of(layout: Format) -> tuple[str, ...]:
    """The parts that a format gives, as `PARTS` orders them."""
    fields, date = layout.fields, layout.has_date
    given = {
        "year": bool(fields & {"Y", "y"}),
        "month": date or bool(fields & {"m", "b", "B"}),
        "day": date or "d" in fields,
        "weekday": date,
        "day_of_year": date or "j" in fields,
        "week_of_year": date,
        "quarter": date or bool(fields & {"m", "b", "B"}),
        "is_weekend": date,
        "hour": layout.has_hour,
        "minute": "M" in fields,
        "second": "S" in fields,
    }
    return tuple(part for part in PARTS if given[part])


@dataclass(frozen=True, kw_only=True)
class DateKind(Kind):
    """A kind of columns of dates and times.

    Attributes:
        format: A `strptime` format of %Y %y %m %b %B %d %j %a %A %H %I %p %M %S %f %z and literal
            characters; or `"unix"` (seconds, in an INT column) or `"unix_ms"` (milliseconds). Times
            are taken as written, unless they have an offset (%z): then the parts are UTC's.
    """

    types = TOKENS

    format: str = "%Y-%m-%d"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        for column in (schema[name] for name in self.columns):
            if self.format in UNIX and column.type is not ColumnType.INT:
                raise self.error(
                    f"expected an INT column for `format` {self.format!r}, received column {column.name!r}, "
                    f"which is {column.type.name}{column.advice}"
                )

    def layout(self) -> Format:
        """The format, parsed.

        Raises:
            ConfigError: It can't be parsed.
        """
        try:
            return parse_format(self.format)
        except ValueError as error:
            raise self.error(f"`format` {self.format!r}: {error}") from error

    def given(self) -> tuple[str, ...]:
        """The parts that the format gives."""
        return tuple(PARTS) if self.format in UNIX else parts_of(self.layout())

    def read(self, trace: Trace, column: str) -> tuple[dict[str, Tensor], Tensor]:
        """The parts of a column's dates, and their validity.

        Of a whole date they are all but those that `Arithmetic.part` makes of the others.
        """
        arithmetic = Arithmetic(trace.tf)
        if self.format in UNIX:
            valid = trace.tf.raw_ops.LogicalNot(x=trace.missing(column))
            return arithmetic.of_seconds(trace.inputs[column] // UNIX[self.format]), valid
        layout = self.layout()
        fields, valid = Cursor(trace.tf, trace.text(column), layout).read(layout)
        values = {part: fields[letter] for part, letter in _CLOCK.items() if letter in fields}
        if "p" in fields and "I" in fields:
            values["hour"] = fields["I"] % 12 + fields["p"]
        values, valid = self._date(trace, fields, values, valid)
        return _in_utc(arithmetic, values, fields["z"], valid) if "z" in fields else (values, valid)

    def _date(
        self, trace: Trace, fields: dict[str, Tensor], values: dict[str, Tensor], valid: Tensor
    ) -> tuple[dict[str, Tensor], Tensor]:
        tf, raw, arithmetic = trace.tf, trace.tf.raw_ops, Arithmetic(trace.tf)
        values |= {part: fields[letter] for part, letter in _DATE if letter in fields}
        if "Y" in fields or "y" in fields:
            short = fields.get("y")
            values["year"] = (
                fields["Y"]
                if short is None
                else raw.SelectV2(condition=short < _CENTURY, t=short + 2000, e=short + 1900)
            )
        if "weekday" not in self.given():
            return values, valid
        year, one = values["year"], tf.ones_like(values["year"])
        if "month" in values and "day" in values:
            date = arithmetic.of_days(arithmetic.days_from_civil(year, values["month"], values["day"]))
            # The 30th of February comes back as the 2nd of March.
            valid = raw.LogicalAnd(x=valid, y=raw.Equal(x=date["day"], y=values["day"]))
        else:
            date = arithmetic.of_days(arithmetic.days_from_civil(year, one, one) + values["day_of_year"] - 1)
            valid = raw.LogicalAnd(x=valid, y=raw.Equal(x=date["year"], y=year))
        return {**values, **date}, valid


def _in_utc(
    arithmetic: Arithmetic, values: dict[str, Tensor], offset: Tensor, valid: Tensor
) -> tuple[dict[str, Tensor], Tensor]:
    """The parts in UTC.

    The offset may lead out of the years that there are.
    """
    units = (("hour", 3600), ("minute", 60), ("second", 1))
    seconds = sum(values[part] * size for part, size in units if part in values) - offset
    if "year" not in values:
        return arithmetic.of_seconds(seconds), valid
    days = arithmetic.days_from_civil(values["year"], values["month"], values["day"])
    moved = arithmetic.of_seconds(days * DAY + seconds)
    first, last = PARTS["year"]
    return moved, arithmetic.tf.logical_and(valid, (moved["year"] >= first) & (moved["year"] <= last))
