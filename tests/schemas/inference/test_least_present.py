"""The least share of rows with a value."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.inference.least_present import FEWEST_ROWS, SURE, least_present, least_share

ROWS = st.integers(1, 10**9)


def _wilson(share: float, size: float) -> float:
    """The share of which the observed one is `SURE` standard deviations above: the lesser root of a quadratic."""
    root = np.roots([1 + SURE**2 / size, -(2 * share + SURE**2 / size), share**2])
    return float(np.real(root).min())


@given(ROWS, st.floats(0, 1))
def test_it_is_the_lower_end_of_wilsons_interval(rows: int, share: float) -> None:
    """Rounded down to hundredths; it solves the quadratic that defines the interval."""
    present = round(share * rows)
    least = least_present(present, rows)
    exact = _wilson(present / rows, 1 / (1 / rows + 1 / FEWEST_ROWS))
    assert least - 1e-6 <= exact <= least + 0.01 + 1e-6
    assert math.isclose(least * 100, round(least * 100), abs_tol=1e-9)


@given(ROWS, st.floats(0, 1))
def test_it_is_below_the_share_of_these_rows(rows: int, share: float) -> None:
    """And never negative."""
    present = round(share * rows)
    least = least_present(present, rows)
    assert 0 <= least <= present / rows
    assert least < present / rows or not present


@given(ROWS, st.floats(0, 1), st.floats(0, 1))
def test_more_values_never_make_it_less(rows: int, one: float, two: float) -> None:
    """Nor do more rows with the same share."""
    fewer, more = sorted(round(share * rows) for share in (one, two))
    assert least_present(fewer, rows) <= least_present(more, rows)
    assert least_present(fewer, rows) <= least_present(10 * fewer, 10 * rows)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.9, 0.99, 0.999])
@pytest.mark.parametrize("rows", [FEWEST_ROWS, 5_000])
def test_new_rows_of_the_same_kind_seldom_have_fewer(share: float, rows: int) -> None:
    """Of pairs of samples, the new ones as small as they may be, at most one in five hundred."""
    random = np.random.default_rng(1)
    before = random.binomial(rows, share, 20_000)
    after = random.binomial(FEWEST_ROWS, share, 20_000) / FEWEST_ROWS
    bounds = np.array([least_present(present, rows) for present in range(rows + 1)])
    assert (after < bounds[before]).mean() <= 1 / 500


@pytest.mark.parametrize("share", [0.84, 0.99])
@pytest.mark.parametrize("cells", [40, 3_000])
def test_as_many_new_cells_seldom_have_a_lower_share(share: float, cells: int) -> None:
    """Of pairs of samples of one size, at most one in five hundred."""
    before, after = np.random.default_rng(2).binomial(cells, share, (2, 20_000))
    bounds = np.array([least_share(found, cells, cells) for found in range(cells + 1)])
    assert (after / cells < bounds[before]).mean() <= 1 / 500


def test_it_notices_a_column_that_is_half_empty() -> None:
    """Of one that was nearly full."""
    assert least_present(990, 1000) > 0.8
    assert least_present(900_000, 1_000_000) > 0.7
    assert least_present(0, 5) == 0
