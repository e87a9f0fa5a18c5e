"""Which features a group's record may have once."""

from dataclasses import replace

import pytest

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.grouping.encoding import check_context
from shardmill.transforms.grouping.settings import Grouping

FEATURES = (FeatureSpec("age", "float32"), FeatureSpec("price", "float32"))


def test_a_context_of_all_features_is_refused() -> None:
    """A record without lists would say nothing of its rows; with one feature left for them it may be."""
    grouping = Grouping(group_by=("user",), order_by=None, context=("age",), max_length=9, truncate=False)
    check_context(grouping, FEATURES)
    with pytest.raises(DataError, match=r"context: expected at least one other feature, received all; leave one out"):
        check_context(replace(grouping, context=("age", "price")), FEATURES)
