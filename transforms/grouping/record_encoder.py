"""Chooses how groups of rows become records."""

from collections.abc import Collection, Sequence

from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.grouping.encoding import GroupEncoder, RecordEncoder
from shardmill.transforms.grouping.settings import Grouping
from shardmill.transforms.grouping.window_encoding import WindowEncoder
from shardmill.transforms.rows.splits import ShardRule


def record_encoder(
    grouping: Grouping, features: Sequence[FeatureSpec], labels: Collection[str], rule: ShardRule
) -> RecordEncoder:
    """Makes the encoder of groups, or of their windows.

    Args:
        grouping: What makes rows groups.
        features: The features, in any order.
        labels: The names of those that are labels.
        rule: How records are spread over shards.

    Raises:
        ShardmillError: The features don't fit the grouping.
    """
    if grouping.window is None:
        return GroupEncoder(grouping, features, rule)
    return WindowEncoder(grouping.window, features, labels, rule)
