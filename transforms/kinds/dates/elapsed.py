"""The kind of the time between two moments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np

from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.dates.date_kind import UNIX, DateKind
from shardmill.transforms.kinds.dates.date_text import DAY, Arithmetic
from shardmill.transforms.kinds.numeric.computed import ComputedKind

# Seconds in each unit.
UNITS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": DAY, "weeks": 7 * DAY}
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_CLOCK = (("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, kw_only=True)
class Elapsed(DateKind, ComputedKind):
    """The time from one moment to another, float32.

    Of one column it is the time from `since` to the column's moment; of two, from the first one's
    moment to the second one's. It is negative where the moment is earlier. Seconds are whole, but
    for `"unix_ms"`; a fraction (%f) is left out. A text that doesn't fit the format counts as
    missing, but doesn't reject the row.

    Attributes:
        since: A moment by ISO 8601, such as `2020-01-31` or `2020-01-31T08:00:00+02:00`; without an
            offset it is as the column's times are.
        unit: seconds, minutes, hours, days or weeks.
    """

    kind = "elapsed"
    max_columns = 2

    since: str | None = None
    unit: str = "days"

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if self.unit not in UNITS:
            raise self.error(
                f"expected `unit` to be one of {', '.join(UNITS)}, received {self.unit!r}{did_you_mean(self.unit, UNITS)}"
            )
        if self.format not in UNIX and not self.layout().has_date:
            raise self.error(f"expected a `format` of whole dates, received {self.format!r}")
        if (self.since is None) == (len(self.columns) == 1):
            raise self.error(
                f"expected `since` or a second column, received since = {self.since!r} and columns = {list(self.columns)!r}"
            )
        if self.since is not None:
            self._start(self.since)

    def _start(self, since: str) -> int:
        """The seconds from 1970 to a moment."""
        try:
            # Python 3.10 doesn't know the Z.
            moment = datetime.fromisoformat(f"{since[:-1]}+00:00" if since.endswith("Z") else since)
        except ValueError as error:
            raise self.error(
                f"expected `since` to be a moment such as 2020-01-31 or 2020-01-31T08:00:00, received {since!r}"
            ) from error
        return ((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)) - _EPOCH) // timedelta(seconds=1)

    def _result(self, trace: Trace) -> Tensor:
        raw, tf = trace.tf.raw_ops, trace.tf
        moments = [self._moment(trace, column) for column in self.columns]
        scale = UNIX.get(self.format, 1)
        if self.since is not None:
            moments.insert(0, (np.int64(self._start(self.since) * scale), tf.ones_like(moments[0][1])))
        (start, has_start), (end, has_end) = moments
        ticks = raw.Cast(x=raw.Sub(x=end, y=start), DstT=tf.float64)
        elapsed = raw.RealDiv(x=ticks, y=trace.hide(tf.constant(scale * UNITS[self.unit], tf.float64)))
        return raw.SelectV2(condition=raw.LogicalAnd(x=has_start, y=has_end), t=elapsed, e=np.float64(np.nan))

    def _moment(self, trace: Trace, column: str) -> tuple[Tensor, Tensor]:
        """A column's moments, and their validity.

        They are in seconds since 1970, or in the format's unit.
        """
        if self.format in UNIX:
            return trace.inputs[column], trace.tf.raw_ops.LogicalNot(x=trace.missing(column))
        values, valid = self.read(trace, column)
        days = Arithmetic(trace.tf).days_from_civil(values["year"], values["month"], values["day"])
        return days * DAY + sum(values[part] * size for part, size in _CLOCK if part in values), valid
