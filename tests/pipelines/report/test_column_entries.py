"""Which feature of the configuration an output of the graph is of."""

import pytest

from shardmill.pipelines.report.column_entries import owner_of


class Names:
    """Names that can be looked up, but not gone through."""

    def __init__(self, *names: str) -> None:
        self._names = set(names)

    def __contains__(self, name: object) -> bool:
        """Whether a name is among them."""
        return name in self._names


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("fare", "fare"),
        ("fare_missing", "fare"),
        ("fare_per_mile", "fare_per_mile"),
        ("fare_per_mile_missing", "fare_per_mile"),
        ("city$sparse_values", "city"),
        ("odd__missing", "odd_"),
        ("fares", ""),
        ("", ""),
    ],
)
def test_an_output_is_of_the_longest_name_that_it_begins_with(name: str, owner: str) -> None:
    """A `_` or `$` follows that name. It is looked up: going through all names for each is quadratic in wide tables."""
    assert owner_of(name, Names("fare", "fare_per_mile", "city", "odd_")) == owner
