"""Settings by dotted keys."""

from shardmill.pipelines.diff.flat_settings import Change, changes, flat


def test_keys_are_dotted() -> None:
    """Empty tables are values of their own."""
    assert dict(flat({"a": {"b": 1, "c": {}}, "d": [1]})) == {"a.b": 1, "a.c": {}, "d": [1]}


def test_settings_that_differ_are_told_once() -> None:
    """Those of one side only have None on the other."""
    before, after = {"a": {"b": 1, "c": 2}, "x": "same"}, {"a": {"b": 3}, "x": "same", "new": True}
    assert changes(before, after) == [Change("a.b", 1, 3), Change("a.c", 2, None), Change("new", None, True)]
    assert changes(before, before) == []


def test_an_empty_table_is_no_setting() -> None:
    """What the other run has in it is told by its own keys."""
    assert changes({"a": {}}, {"a": {"b": 1}}) == [Change("a.b", None, 1)]
    assert changes({"a": {}}, {}) == []
