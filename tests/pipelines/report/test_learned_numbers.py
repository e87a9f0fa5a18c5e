"""The numbers that kinds learned, from a run's folder to the page."""

from pathlib import Path

import pytest

from shardmill.pipelines.report.learned_numbers import read_learned, shown_numbers
from shardmill.schemas.errors import DataError


def test_numbers_are_read_by_feature(tmp_path: Path) -> None:
    """A run may have no such file; one that isn't as shardmill writes it is an error."""
    assert read_learned(str(tmp_path)) == {}
    (tmp_path / "transformed_metadata").mkdir()
    path = tmp_path / "transformed_metadata" / "learned.json"
    path.write_text('{"x": {"mean": 1.5, "boundaries": [1, 2]}}')
    assert read_learned(str(tmp_path)) == {"x": {"mean": 1.5, "boundaries": [1, 2]}}
    path.write_text('{"x": {"mean": "<b>"}}')
    with pytest.raises(DataError, match=r"learned\.json' isn't as shardmill wrote it"):
        read_learned(str(tmp_path))


def test_a_long_list_is_cut() -> None:
    """An ellipsis stands for the rest; numbers are rounded."""
    (name, numbers), other = shown_numbers({"boundaries": [float(each) for each in range(1000)], "mean": 1 / 3})
    assert (name, other) == ("boundaries", ["mean", 0.333333])
    assert isinstance(numbers, list)
    assert numbers == [*range(24), "…"]
