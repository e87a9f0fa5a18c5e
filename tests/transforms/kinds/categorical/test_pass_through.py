"""Text that is passed through."""

from pathlib import Path

from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", i="int")


def test_strings(tmp_path: Path) -> None:
    """The cell's bytes; an integer's digits; a missing cell is empty, or the text given."""
    table = {
        "s": {"kind": "string", "indicator": True},
        "filled": {"kind": "string", "column": "s", "missing": "?"},
        "i": "string",
    }
    out = run(table, S, {"s": ["a\n", None, "ü"], "i": [2**62 + 1, -5, None]}, tmp_path)
    assert out["s"].tolist() == [b"a\n", b"", "ü".encode()]
    assert out["s_missing"].tolist() == [0, 1, 0]
    assert out["filled"].tolist() == [b"a\n", b"?", "ü".encode()]
    assert out["i"].tolist() == [str(2**62 + 1).encode(), b"-5", b""]


def test_reject() -> None:
    """A key that must be there rejects rows without it."""
    (kind,) = parse_features({"s": {"kind": "string", "missing": "reject"}}, S)
    assert kind.required_columns(S) == ("s",)
