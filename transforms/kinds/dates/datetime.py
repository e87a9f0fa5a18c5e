"""The kind that extracts parts of a date and time.

It reads text in a known format, or seconds since 1970.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import ColumnType, Schema
from shardmill.transforms.kinds.base import TOKENS, Kind, Tensor, Trace
from shardmill.transforms.kinds.dates.date_text import DAY, Arithmetic, Cursor, Format, parse_format
from shardmill.transforms.statistics.requests import Statistics

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
}
# Units in a second, by format.
_UNIX = {"unix": 1, "unix_ms": 1000}
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
        "hour": layout.has_hour,
        "minute": "M" in fields,
        "second": "S" in fields,
    }
    return tuple(part for part in PARTS if given[part])


@dataclass(frozen=True, kw_only=True)
class Datetime(Kind):
    """Parts of a date and time.

    Outputs are `<name>_<part>`, int64; cyclic ones `<name>_<part>_sin` and `<name>_<part>_cos`,
    float32, with the part's period.

    Attributes:
        format: A `strptime` format of %Y %y %m %b %B %d %j %a %A %H %I %p %M %S %f %z and literal
            characters; or `"unix"` (seconds, in an INT column) or `"unix_ms"` (milliseconds). Times
            are taken as written, unless they have an offset (%z): then the parts are UTC's.
        parts: Some of year, month, day, hour, minute, second, weekday (Monday is 0) and
            day_of_year. By default all that the format gives, without day_of_year.
        cyclic: Whether parts become points on a circle.
        missing: The value of int64 parts where the cell is missing; or `"reject"`. A text that
            doesn't fit the format is missing too, but doesn't reject the row. Cyclic parts are 0
            where missing.
    """

    kind = "datetime"
    types = TOKENS

    format: str = "%Y-%m-%d"
    parts: tuple[str, ...] = ()
    cyclic: bool = False
    missing: int | str = -1

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.missing, str) and self.missing != "reject":
            raise self.error(f'expected `missing` to be an integer or "reject", received {self.missing!r}')
        column = schema[self.columns[0]]
        if self.format in _UNIX and column.type is not ColumnType.INT:
            raise self.error(
                f"expected an INT column for `format` {self.format!r}, received column {column.name!r}, "
                f"which is {column.type.name}{column.advice}"
            )
        known = self._given()
        for part in self.parts:
            if part not in PARTS:
                raise self.error(
                    f"expected `parts` to be some of {', '.join(PARTS)}, received {part!r}{did_you_mean(part, PARTS)}"
                )
            if part not in known:
                raise self.error(
                    f"expected `parts` that the format {self.format!r} gives ({', '.join(known)}), received {part!r}"
                )
        if len(set(self.parts)) != len(self.parts):
            raise self.error(f"expected `parts` without repetitions, received {list(self.parts)!r}")
        if self.cyclic and "year" in self.parts:
            raise self.error("years have no period; remove 'year' from `parts`, or `cyclic`")
        if not self._parts():
            raise self.error(f"the format {self.format!r} gives no part for `cyclic`")

    def _layout(self) -> Format:
        try:
            return parse_format(self.format)
        except ValueError as error:
            raise self.error(f"`format` {self.format!r}: {error}") from error

    def _given(self) -> tuple[str, ...]:
        """The parts that the format gives."""
        return tuple(PARTS) if self.format in _UNIX else parts_of(self._layout())

    def _parts(self) -> tuple[str, ...]:
        return self.parts or tuple(
            part for part in self._given() if part != "day_of_year" and not (self.cyclic and part == "year")
        )

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.cyclic:
            return tuple(
                FeatureSpec(f"{self.name}_{part}_{axis}", "float32")
                for part in self._parts()
                for axis in ("sin", "cos")
            )
        # Seconds since 1970 may fall into any year.
        bounded = [part for part in self._parts() if self.format not in _UNIX or part != "year"]
        low = {part: min(PARTS[part][0], self._filling()) for part in bounded}
        high = {part: max(PARTS[part][1], self._filling()) for part in bounded}
        return tuple(
            FeatureSpec(f"{self.name}_{part}", "int64", (), low.get(part), high.get(part)) for part in self._parts()
        )

    def _filling(self) -> int:
        return self.missing if isinstance(self.missing, int) else -1

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        values, valid = self._read(trace)
        built: dict[str, Tensor] = {}
        for part in self._parts():
            if self.cyclic:
                built |= self._circle(trace, part, values[part], valid)
            else:
                built[f"{self.name}_{part}"] = raw.SelectV2(
                    condition=valid, t=values[part], e=np.int64(self._filling())
                )
        return built

    def _circle(self, trace: Trace, part: str, values: Tensor, valid: Tensor) -> dict[str, Tensor]:
        # A table rather than a sine operation: the same bits everywhere. The first entry is for
        # missing values.
        raw = trace.tf.raw_ops
        low, high = PARTS[part]
        index = raw.SelectV2(condition=valid, t=raw.AddV2(x=values, y=np.int64(1 - low)), e=np.int64(0))
        angles = [2 * math.pi * step / (high - low + 1) for step in range(high - low + 1)]
        tables = {"sin": [0.0, *map(math.sin, angles)], "cos": [0.0, *map(math.cos, angles)]}
        return {
            f"{self.name}_{part}_{axis}": raw.GatherV2(params=np.array(table, np.float32), indices=index, axis=0)
            for axis, table in tables.items()
        }

    def _missing(self, trace: Trace) -> Tensor:
        return trace.tf.raw_ops.LogicalNot(x=self._read(trace)[1])

    def _read(self, trace: Trace) -> tuple[dict[str, Tensor], Tensor]:
        """All parts that the format gives, and their validity."""
        arithmetic = Arithmetic(trace.tf)
        column = self.columns[0]
        if self.format in _UNIX:
            valid = trace.tf.raw_ops.LogicalNot(x=trace.missing(column))
            return arithmetic.of_seconds(trace.inputs[column] // _UNIX[self.format]), valid
        layout = self._layout()
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
        if "weekday" not in self._given():
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
