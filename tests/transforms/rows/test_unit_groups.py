"""Groups of units that are transformed together."""

import pickle
import random
from dataclasses import replace

import pyarrow as pa
from apache_beam.coders import FastPrimitivesCoder
from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.csv.units import Unit
from shardmill.transforms.rows.unit_groups import _MOST_UNITS, GROUP_BYTES, UnitList, groups, joined


def unit(index: int, size: int | None) -> Unit:
    """A whole file of this many bytes."""
    return Unit(index, index, f"{index}.csv", file_bytes=size)


def sizes(units: list[Unit]) -> list[int]:
    """The number of units in each group."""
    return [len(group) for group in groups(UnitList(units))]


@given(st.lists(st.one_of(st.none(), st.integers(0, 2 * GROUP_BYTES)), max_size=40), st.randoms())
def test_groups_hold_each_unit_once_in_order(found: list[int | None], order: random.Random) -> None:
    """Whatever order units come in, groups are the same: consecutive units, up to a size."""
    units = [unit(index, size) for index, size in enumerate(found)]
    made = list(groups(UnitList(order.sample(units, len(units)))))
    assert [each for group in made for each in group] == units
    for group in made:
        assert len(group) == 1 or sum(each.file_bytes or 0 for each in group) <= GROUP_BYTES


def test_a_list_of_units_has_a_header_once() -> None:
    """Units that came one by one share it, in memory, as a list is pickled and as Beam's coder writes it."""
    came = [pickle.loads(pickle.dumps(replace(unit(index, 100), header=b"x" * 10_000))) for index in range(1000)]
    listed = UnitList()
    for each in came:
        listed.merge(UnitList([each]))
    assert len({id(each.header) for each in came}) == 1
    assert len(FastPrimitivesCoder().encode(listed)) < 200_000
    assert len(pickle.dumps(came)) < 200_000
    assert pickle.loads(pickle.dumps(listed)).units == came


def test_small_files_are_together() -> None:
    """Files of a few bytes make one group, which a large one or one of unknown size ends."""
    assert sizes([unit(index, 100) for index in range(50)]) == [50]
    assert sizes([unit(0, 100), unit(1, GROUP_BYTES + 1), unit(2, 100), unit(3, None), unit(4, 1), unit(5, 1)]) == [
        *(1, 1, 1, 1),
        2,
    ]


def test_a_group_has_a_bounded_number_of_units() -> None:
    """Empty files, too, are one worker's work only up to a number."""
    assert sizes([unit(index, 0) for index in range(2 * _MOST_UNITS + 1)]) == [_MOST_UNITS, _MOST_UNITS, 1]


def test_a_part_of_a_file_counts_its_own_bytes() -> None:
    """A unit that is a range counts that range, not its file."""
    parts = [Unit(index, 0, "a.csv", 10 * index, 10 * index + 10, file_bytes=1 << 40) for index in range(3)]
    assert sizes(parts) == [3]


def test_joined_rows() -> None:
    """The rows of several batches follow each other, missing ones too; those of one aren't copied."""
    rows = [
        pa.RecordBatch.from_pydict({"x": [1, None], "s": ["a", "b"]}),
        pa.RecordBatch.from_pydict({"x": [3], "s": [None]}),
    ]
    rows[1] = rows[1].cast(rows[0].schema)
    assert joined(rows).to_pydict() == {"x": [1, None, 3], "s": ["a", "b", None]}
    assert joined(rows[:1]) is rows[0]
