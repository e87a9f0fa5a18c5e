"""Renamed columns, once for each distinct header."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.records.repair_names import Renamed
from shardmill.transforms.rows.renamings import Renamings

_UNITS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 25)), max_size=60)


def _of(units: list[tuple[int, int]]) -> Renamings:
    """The renamings of units, each with an index and the number of its header; 0 has nothing renamed."""
    found = Renamings()
    for unit, header in units:
        found.update(unit, f"{unit}.csv", [Renamed(header, "", f"column_{header}")] if header else [])
    return found


@given(_UNITS, st.integers(0, 60))
def test_merging_keeps_the_first_file_of_each_header(units: list[tuple[int, int]], cut: int) -> None:
    """However units are spread over accumulators, and never more than ten headers."""
    whole, one, two = _of(units), _of(units[:cut]), _of(units[cut:])
    other = copy.deepcopy(two)
    other.merge(copy.deepcopy(one))
    one.merge(two)
    firsts: dict[int, int] = {}
    for unit, header in sorted(units):
        if header:
            firsts.setdefault(header, unit)
    expected = sorted((unit, header) for header, unit in firsts.items())[:10]
    for found in (whole, one, other):
        assert [(int(path.removesuffix(".csv")), renamed[0].position) for path, renamed in found.by_file] == expected
