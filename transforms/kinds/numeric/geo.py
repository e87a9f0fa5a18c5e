"""The kind of the distance between two points on Earth."""

import math
from dataclasses import dataclass

import numpy as np

from shardmill.transforms.kinds.base import NUMBERS, Tensor, Trace
from shardmill.transforms.kinds.numeric.computed import ComputedKind

# The Earth's mean radius in kilometers, (2a + b) / 3 of the GRS 80 ellipsoid, as the IUGG has it.
EARTH_RADIUS = 6371.0088
_POLE = 90.0


@dataclass(frozen=True, kw_only=True)
class GeoDistance(ComputedKind):
    """The great-circle distance of two points, in kilometers, float32.

    The columns are the first point's latitude and longitude and the second's, in degrees. The
    formula is the haversine (Sinnott, "Virtues of the Haversine", 1984), on a sphere of the Earth's
    mean radius. A latitude beyond 90 degrees counts as missing; longitudes go round.
    """

    kind = "geo_distance"
    types = NUMBERS
    min_columns = 4
    max_columns = 4

    def _result(self, trace: Trace) -> Tensor:
        raw = trace.tf.raw_ops
        degrees = [trace.double(column) for column in self.columns]
        first, first_longitude, second, second_longitude = (raw.Mul(x=each, y=math.pi / 180) for each in degrees)

        def half_sine_squared(start: Tensor, end: Tensor) -> Tensor:
            half = raw.Mul(x=raw.Sub(x=end, y=start), y=np.float64(0.5))
            return raw.Square(x=trace.steady(lambda padded: raw.Sin(x=padded), half))

        cosines = [trace.steady(lambda padded: raw.Cos(x=padded), each) for each in (first, second)]
        across = raw.Mul(x=raw.Mul(x=cosines[0], y=cosines[1]), y=half_sine_squared(first_longitude, second_longitude))
        haversine = raw.AddV2(x=half_sine_squared(first, second), y=across)
        # Rounding may lead beyond 1, between antipodes.
        sine = raw.Sqrt(x=raw.SelectV2(condition=raw.Less(x=np.float64(1), y=haversine), t=np.float64(1), e=haversine))
        distance = raw.Mul(x=trace.steady(lambda padded: raw.Asin(x=padded), sine), y=np.float64(2 * EARTH_RADIUS))
        inside = [raw.LessEqual(x=raw.Abs(x=degrees[latitude]), y=np.float64(_POLE)) for latitude in (0, 2)]
        return raw.SelectV2(condition=raw.LogicalAnd(x=inside[0], y=inside[1]), t=distance, e=np.float64(np.nan))
