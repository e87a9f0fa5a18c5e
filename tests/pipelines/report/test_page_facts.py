"""The facts of a run that its page begins with."""

from typing import Any

from shardmill.pipelines.report.page_facts import flow


def test_groups_flow_in_the_order_of_the_splits() -> None:
    """Each split has the rows of its groups, and the place that it has in runs without groups."""
    manifest: Any = {
        "rows": {"read": 10, "rejected": 1},
        "splits": {"train": {"rows": 3}, "eval": {"rows": 1}, "test": {"rows": 0}},
        "groups": {"records": 4, "rows": {"eval": 2, "train": 6}, "dropped": {"too short": 1}},
    }
    found = [(part["name"], part["rows"]) for part in flow(manifest)]
    assert found == [("train", 6), ("eval", 2), ("dropped too short", 1), ("rejected", 1)]
