"""Yeo and Johnson's power transformation, by maximum likelihood.

I.-K. Yeo and R. A. Johnson, "A New Family of Power Transformations to Improve Normality or
Symmetry", Biometrika 87 (2000).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# The exponents that are looked at: beyond, float64 holds few of the results.
_BOUNDS = (-20.0, 20.0)
_STEP = 1.0
# The exponent is a multiple of this, so that the last bits of logarithms, which may differ between
# machines, don't show.
_RESOLUTION = 2.0**-20
_GOLDEN = (math.sqrt(5) - 1) / 2

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PowerFit:
    """A column's transformation and the moments of its results.

    Attributes:
        exponent: lambda; 1 leaves values as they are.
        mean: The mean of the transformed values.
        deviation: Their standard deviation (ddof 0).
    """

    exponent: float
    mean: float
    deviation: float


def fit_yeo_johnson(values: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> PowerFit:
    """Finds the likeliest exponent of a column.

    Its transformed values are then the likeliest to be of a normal distribution. For a constant
    column it is 1.

    Args:
        values: The distinct finite values; at least one.
        counts: How often each occurs.
    """
    wide, weights = values.astype(np.float64), counts / counts.sum()
    logarithms = np.log1p(np.abs(wide))
    exponent = 1.0 if len(wide) == 1 else _likeliest(logarithms, wide < 0, weights)
    transformed = _transformed(logarithms, wide < 0, exponent)
    mean = float(np.sum(weights * transformed))
    return PowerFit(exponent, mean, math.sqrt(float(np.sum(weights * (transformed - mean) ** 2))))


def _transformed(logarithms: _Floats, negative: npt.NDArray[np.bool_], exponent: float) -> _Floats:
    """The transformed values.

    Args:
        logarithms: Those of the values' sizes and 1.
        negative: Whether the values are negative.
        exponent: The transformation's.
    """
    powers = np.where(negative, 2 - exponent, exponent)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        sizes = np.where(powers == 0, logarithms, np.expm1(powers * logarithms) / powers)
    return np.where(negative, -sizes, sizes)


def _likeliest(logarithms: _Floats, negative: npt.NDArray[np.bool_], weights: _Floats) -> float:
    slope = float(np.sum(weights * np.where(negative, -logarithms, logarithms)))

    def likelihood(exponent: float) -> float:
        """The mean log-likelihood, but for a constant."""
        transformed = _transformed(logarithms, negative, exponent)
        with np.errstate(over="ignore", invalid="ignore"):
            variance = float(np.sum(weights * (transformed - np.sum(weights * transformed)) ** 2))
        if not 0 < variance < math.inf:
            return -math.inf
        return -math.log(variance) / 2 + (exponent - 1) * slope

    # The likelihood has one maximum. From 1 uphill until it goes down, then between.
    at, best = 1.0, likelihood(1.0)
    step = _STEP if likelihood(1.0 + _STEP) > best else -_STEP
    while _BOUNDS[0] < at < _BOUNDS[1] and (further := likelihood(at + step)) > best:
        at, best = at + step, further
    return _golden(likelihood, max(_BOUNDS[0], at - _STEP), min(_BOUNDS[1], at + _STEP))


def _golden(function: Callable[[float], float], low: float, high: float) -> float:
    """A maximum's argument between two bounds, by golden sections."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    while high - low > _RESOLUTION / 4:
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(right)
    return round((low + high) / 2 / _RESOLUTION) * _RESOLUTION
