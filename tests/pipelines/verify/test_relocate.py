"""Input that has moved: names, and the folders above them, say which file is which."""

import pytest

from shardmill.pipelines.verify.relocate import _match
from shardmill.schemas.errors import DataError


def test_the_longest_common_end_decides() -> None:
    """Files of one name are told by the folders above them, whatever else is found."""
    found = ["gs://b/in/x/part-0.csv", "gs://b/in/y/part-0.csv", "gs://b/in/y/part-1.csv", "gs://b/other.csv"]
    read = ["/data/x/part-0.csv", "/data/y/part-0.csv", "/data/y/part-1.csv"]
    assert _match(read, found) == dict(zip(read, found[:3], strict=True))


@pytest.mark.parametrize(
    ("found", "named"),
    [
        (["m/a.csv"], r"'/d/x/b\.csv', '/d/y/b\.csv'"),
        (["m/a.csv", "m/b.csv"], r"'/d/x/b\.csv', '/d/y/b\.csv'"),
        (["m/a.csv", "n/a.csv", "x/b.csv", "y/b.csv"], r"'/d/a\.csv'"),
    ],
    ids=["none", "one for two", "two for one"],
)
def test_what_cannot_be_told_is_refused(found: list[str], named: str) -> None:
    """A file that isn't among those found, one that would stand for two, and two that might be it."""
    with pytest.raises(DataError, match=rf"expected the 3 files that the run read, received .* is {named} by its name"):
        _match(["/d/a.csv", "/d/x/b.csv", "/d/y/b.csv"], found)
