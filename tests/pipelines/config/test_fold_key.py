"""The key by which training rows share a fold."""

import pytest

from shardmill.pipelines.config.fold_key import check_folds, fold_key, fold_rule
from shardmill.pipelines.config.grouped_sections import Grouped, SequenceConfig, WindowConfig
from shardmill.pipelines.config.split_section import SplitConfig, TimeSplit
from shardmill.schemas.errors import ConfigError
from shardmill.transforms.kinds.categorical.target_mean import TargetMean
from shardmill.transforms.rows.folds import FoldRule

TIME = TimeSplit("day", ("2024-01-01",))
SHARES = {"train": 0.5, "eval": 0.5}
SERIES = WindowConfig(3, "day", ("station",))
MEAN = TargetMean(name="city", columns=("city",), target="price")


@pytest.mark.parametrize(
    ("split", "grouped", "expected"),
    [
        (None, None, FoldRule("line", 7)),
        (SplitConfig(SHARES), None, FoldRule("line", 7)),
        (SplitConfig(SHARES, stratify="price"), None, FoldRule("line", 7)),
        (SplitConfig(SHARES, ("user",)), None, FoldRule("key", 7)),
        (SplitConfig(time=TIME), None, FoldRule("line", 7)),
        (SplitConfig(key=("user",), time=TIME), None, FoldRule("key", 7, ("user",))),
        (SplitConfig(SHARES, ("user",)), SequenceConfig(("user", "day")), FoldRule("key", 7)),
        (SplitConfig(key=("user",), time=TIME), SERIES, FoldRule("key", 7, ("station",))),
        (None, SERIES, FoldRule("key", 7, ("station",))),
    ],
)
def test_rows_of_a_key_or_a_record_share_a_fold(
    split: SplitConfig | None, grouped: Grouped | None, expected: FoldRule
) -> None:
    """The split key where it decides the split, else the group, else the key that is counted by time."""
    assert fold_rule(split, grouped, 7) == expected
    assert bool(fold_key(split, grouped)) == (expected.by == "key")


def test_a_target_cant_decide_its_fold() -> None:
    """A change of it would change the fold, and so the row's own mean."""
    check_folds([MEAN], SplitConfig(SHARES, ("user",)), None)
    with pytest.raises(
        ConfigError, match=r"expected a `target` that doesn't decide a row's fold, received 'price', a col"
    ):
        check_folds([MEAN], SplitConfig(SHARES, ("user", "price")), None)


def test_one_series_has_no_folds() -> None:
    """Each of its rows would have the mean of no rows."""
    check_folds([MEAN], None, SERIES)
    with pytest.raises(
        ConfigError, match=r"\[window\] group_by: expected columns that tell series apart, since target_mean 'city'"
    ):
        check_folds([MEAN], SplitConfig(time=TIME), WindowConfig(3, "day"))
