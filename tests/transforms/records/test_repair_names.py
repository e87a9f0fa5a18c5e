"""Names that a header leaves out or has twice."""

from hypothesis import given
from hypothesis import strategies as st

from shardmill.transforms.records.repair_names import Renamed, describe_renamed, repair_names

_NAMES = st.lists(
    st.sampled_from(["", "a", "a_2", "a_3", "a_2_2", "b", "column_1", "column_2", "column_3", "column_2_2"]),
    max_size=12,
)


@given(_NAMES)
def test_repaired_names_are_distinct_and_no_other_changes(names: list[str]) -> None:
    """All columns have a name of their own, and one that was there once, or first, keeps it."""
    columns, renamed = repair_names(names)
    assert len(columns) == len(set(columns)) == len(names)
    assert all(columns)
    firsts = [bool(name) and name not in names[:position] for position, name in enumerate(names)]
    assert [column for column, first in zip(columns, firsts, strict=True) if first] == list(
        dict.fromkeys(name for name in names if name)
    )
    assert [(each.position, each.name, each.column) for each in renamed] == [
        (position, name, column)
        for position, (name, column, first) in enumerate(zip(names, columns, firsts, strict=True), 1)
        if not first
    ]


@given(_NAMES)
def test_repaired_names_need_no_repair(names: list[str]) -> None:
    """So a file written with them is read with them."""
    columns, _ = repair_names(names)
    assert repair_names(columns) == (columns, [])


def test_names_are_given_as_documented() -> None:
    """By position, or with the next number that is free."""
    assert repair_names(["", "x", "", "x", "x_2", "x"])[0] == ["column_1", "x", "column_3", "x_3", "x_2", "x_4"]
    assert repair_names(["", "column_1", "column_1"])[0] == ["column_1_2", "column_1", "column_1_3"]


def test_many_equal_names_are_repaired_in_linear_time() -> None:
    """A hundred thousand names, none of which is tried twice."""
    count = 100_000
    columns, renamed = repair_names(["a"] * count + [f"a_{number}" for number in range(2, count)])
    assert len(set(columns)) == 2 * count - 2
    assert renamed[0] == Renamed(2, "a", f"a_{count}")


def test_what_was_renamed_is_told_in_a_sentence() -> None:
    """The first few columns, and how many there are."""
    renamed = repair_names(["", "a", "a"])[1]
    assert describe_renamed(renamed) == "column 1 has no name; column 3 is another 'a'"
    assert describe_renamed(repair_names([""] * 9)[1], 2) == "columns 1, 2 and 7 more have no name"
    assert describe_renamed(repair_names(["a"] * 4)[1], 1) == "column 2 is another 'a'; and 2 more have a name again"
