"""The kind that extracts parts of a date and time."""

import math
from dataclasses import dataclass

import numpy as np

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import Tensor, Trace
from shardmill.transforms.kinds.dates.date_kind import PARTS, UNIX, DateKind
from shardmill.transforms.kinds.dates.date_text import Arithmetic
from shardmill.transforms.statistics.requests import Statistics

# Parts that follow from others, and are made on demand.
_NOT_BY_DEFAULT = ("day_of_year", "week_of_year", "quarter", "is_weekend")
_NOT_CYCLIC = {"year": "years have no period", "is_weekend": "'is_weekend' has no period"}


@dataclass(frozen=True, kw_only=True)
class Datetime(DateKind):
    """Parts of a date and time.

    Outputs are `<name>_<part>`, int64; cyclic ones `<name>_<part>_sin` and `<name>_<part>_cos`,
    float32, with the part's period.

    Attributes:
        parts: Some of year, month, day, hour, minute, second, weekday (Monday is 0),
            day_of_year, week_of_year (by ISO 8601), quarter and is_weekend (Saturday or Sunday). By
            default all that the format gives, without the last four.
        cyclic: Whether parts become points on a circle.
        missing: The value of int64 parts where the cell is missing; or `"reject"`. A text that
            doesn't fit the format is missing too, but doesn't reject the row. Cyclic parts are 0
            where missing.
    """

    kind = "datetime"
    parts: tuple[str, ...] = ()
    cyclic: bool = False
    missing: int | str = -1

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.missing, str) and self.missing != "reject":
            raise self.error(f'expected `missing` to be an integer or "reject", received {self.missing!r}')
        known = self.given()
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
        for part in set(self.parts) & set(_NOT_CYCLIC) if self.cyclic else ():
            raise self.error(f"{_NOT_CYCLIC[part]}; remove {part!r} from `parts`, or `cyclic`")
        if not self._parts():
            raise self.error(f"the format {self.format!r} gives no part for `cyclic`")

    def _parts(self) -> tuple[str, ...]:
        return self.parts or tuple(
            part for part in self.given() if part not in _NOT_BY_DEFAULT and not (self.cyclic and part in _NOT_CYCLIC)
        )

    def _outputs(self, _schema: Schema, _statistics: Statistics) -> tuple[FeatureSpec, ...]:
        if self.cyclic:
            return tuple(
                FeatureSpec(f"{self.name}_{part}_{axis}", "float32")
                for part in self._parts()
                for axis in ("sin", "cos")
            )
        # Seconds since 1970 may fall into any year.
        bounded = [part for part in self._parts() if self.format not in UNIX or part != "year"]
        low = {part: min(PARTS[part][0], self._filling()) for part in bounded}
        high = {part: max(PARTS[part][1], self._filling()) for part in bounded}
        return tuple(
            FeatureSpec(f"{self.name}_{part}", "int64", (), low.get(part), high.get(part)) for part in self._parts()
        )

    def _filling(self) -> int:
        return self.missing if isinstance(self.missing, int) else -1

    def _build_tensors(self, trace: Trace) -> dict[str, Tensor]:
        raw = trace.tf.raw_ops
        values, valid = self.read(trace, self.columns[0])
        built: dict[str, Tensor] = {}
        for part in self._parts():
            value = Arithmetic(trace.tf).part(part, values)
            if self.cyclic:
                built |= self._circle(trace, part, value, valid)
            else:
                built[f"{self.name}_{part}"] = raw.SelectV2(condition=valid, t=value, e=np.int64(self._filling()))
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
        return trace.tf.raw_ops.LogicalNot(x=self.read(trace, self.columns[0])[1])
