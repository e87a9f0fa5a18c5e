"""One message for JSON of another shape: where, what was expected, what was received, and what to do."""

import json
from typing import Any, TypedDict

import pytest

from shardmill.schemas.errors import DataError
from shardmill.schemas.json_shapes import Count, FileName, InnerPath, SplitName, decode_json


class _Entry(TypedDict):
    file: InnerPath
    rows: Count


class _Shape(TypedDict):
    splits: dict[SplitName, list[_Entry]]
    features: dict[str, str | dict[str, Any]]
    names: dict[str, FileName]


GOOD: dict[str, Any] = {
    "splits": {"train": [{"file": "a/b", "rows": 1}], "eval": []},
    "features": {"a": "x"},
    "names": {},
}
ENTRY = {"file": "a", "rows": 1}


def test_what_is_as_declared_is_taken_whole() -> None:
    """Keys that aren't declared are kept, so that nothing is lost where a file is written again."""
    data = {**GOOD, "later": [1]}
    assert decode_json(json.dumps(data).encode(), _Shape, "x.json") == data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"splits": []}, "splits: expected an object, received []"),
        (
            {"splits": {"train": [], "../x": []}},
            "splits: expected a split's name of letters, digits and _, received '../x'",
        ),
        (
            {"splits": {"a": [ENTRY], "b": [ENTRY, {**ENTRY, "rows": -1}]}},
            "splits.b[1].rows: expected a whole number of at least 0",
        ),
        ({"splits": {"a": [{**ENTRY, "rows": 1.5}]}}, "splits.a[0].rows: expected a whole number, received 1.5"),
        ({"splits": {"a": [{**ENTRY, "rows": True}]}}, "splits.a[0].rows: expected a whole number, received true"),
        (
            {"splits": {"a": [{**ENTRY, "rows": 2**70}]}},
            "splits.a[0].rows: expected a whole number of at most 9223372036854775807",
        ),
        ({"splits": {"a": [{"rows": 1}]}}, "splits.a[0]: expected a key 'file', received only [\"rows\"]"),
        ({"features": {"b c": None}}, "features.'b c': expected text or an object, received null"),
        ({"names": {"x": "a/b"}}, "names.x: expected a file's name without a folder, received 'a/b'"),
        *(
            ({"splits": {"a": [{**ENTRY, "file": name}]}}, "expected a path inside the folder, without '..', received ")
            for name in (
                "",
                "/etc/passwd",
                "../x",
                "a/../b",
                "a/..",
                ".",
                "a//b",
                "a/",
                "s3://b/c",
                "a\x1bb",
                "a\nb",
                "a\n",
            )
        ),
    ],
)
def test_the_message_says_where_and_what(change: dict[str, Any], message: str) -> None:
    """A key of an object of free keys is named too, and a path that leads out of the folder is none."""
    with pytest.raises(DataError) as raised:
        decode_json(json.dumps({**GOOD, **change}).encode(), _Shape, "x.json")
    text = str(raised.value)
    assert text.startswith("'x.json' isn't as shardmill wrote it: ")
    assert message in text
    assert text.endswith("; make it again, or get it anew from where it was made")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"splits": {}, "features": {}, "names": {}, "x": "\\ud800"}',
        b"1" * 10_000,
    ],
)
def test_what_is_no_json_is_said_to_be_none(data: bytes) -> None:
    """Other bytes, nesting without end, half a character and numbers without end are refused in one line."""
    with pytest.raises(DataError, match=r"\A'x\.json' isn't (valid JSON|as shardmill wrote it): .*make it again.*\Z"):
        decode_json(data, _Shape, "x.json")


def test_deep_nesting_is_refused() -> None:
    """So is what could be read, but not be written again."""
    data = json.dumps({**GOOD, "features": {"a": json.loads('{"b":' * 50 + "1" + "}" * 50)}}).encode()
    with pytest.raises(DataError, match="expected at most 40 levels of lists and objects, received more"):
        decode_json(data, _Shape, "x.json")
