"""Kinds of vectors with ones at the ids of tokens."""

from pathlib import Path

from tests.support.kinds import run, schema_of

S = schema_of(s="bytes", t="bytes", i="int")
ROWS = {
    "s": ["b", "a", "b", "c", None, "a", "b"],
    "t": ["x", "b", "x", "x", "x", "a", None],
    "i": [10, 9, 9, 10, 10, None, -3],
}


def test_one_hot(tmp_path: Path) -> None:
    """A 1 at the id; nothing for what is missing, a bucket for what is unknown."""
    out = run({"s": {"kind": "one_hot", "top_k": 2, "num_oov_buckets": 1}, "i": "one_hot"}, S, ROWS, tmp_path)
    b, a, unknown, none = [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]
    assert out["s"].tolist() == [b, a, b, unknown, none, a, b]
    assert out["i"][5].tolist() == [0, 0, 0]


def test_one_hot_without_buckets(tmp_path: Path) -> None:
    """Without OOV buckets an unknown token is all zeros."""
    assert run({"s": {"kind": "one_hot", "top_k": 1}}, S, ROWS, tmp_path)["s"].tolist() == [
        [1],
        [0],
        [1],
        [0],
        [0],
        [0],
        [1],
    ]


def test_multi_hot_of_a_cell(tmp_path: Path) -> None:
    """A cell's tokens by a delimiter; repeated ones count once, empty and unknown ones not at all."""
    rows = {"g": ["a|b", "a", None, "b|b||a", "c", "|"]}
    out = run({"g": {"kind": "multi_hot", "delimiter": "|", "top_k": 2}}, schema_of(g="bytes"), rows, tmp_path)["g"]
    # b 3, a 3, c 1
    assert out.tolist() == [[1, 1], [0, 1], [0, 0], [1, 1], [0, 0], [0, 0]]


def test_multi_hot_takes_the_elements_of_a_sequence(tmp_path: Path) -> None:
    """Blanks around elements are no part of them, in the vocabulary and in the graph: the same tokens as `sequence` has."""
    table = {
        "g": {"kind": "multi_hot", "delimiter": "|"},
        "both": {"kind": "multi_hot", "columns": ["g", "h"], "delimiter": "|"},
        "ids": {"kind": "sequence", "column": "g", "delimiter": "|", "max_length": 3},
    }
    rows = {"g": ["a| b", "a |b\t", " c d |a", " | ", None], "h": [" b", "a|e ", None, "a", ""]}
    out = run(table, schema_of(g="bytes", h="bytes"), rows, tmp_path)
    # a 3, b 2, "c d" 1
    assert out["g"].tolist() == [[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert out["ids"].tolist() == [[2, 3, 0], [2, 3, 0], [4, 2, 0], [0, 0, 0], [0, 0, 0]]
    # a 5, b 3, "e" 1, "c d" 1
    assert out["both"].tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 0]]


def test_multi_hot_of_columns(tmp_path: Path) -> None:
    """The tokens of several columns."""
    out = run({"g": {"kind": "multi_hot", "columns": ["s", "t"], "top_k": 2, "num_oov_buckets": 1}}, S, ROWS, tmp_path)[
        "g"
    ]
    # x 4, b 4
    assert out.tolist() == [[1, 1, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]]


def test_multi_hot_of_no_rows(tmp_path: Path) -> None:
    """A batch of no rows gives no rows."""
    table = {
        "g": {"kind": "multi_hot", "columns": ["s", "t"]},
        "h": {"kind": "multi_hot", "column": "s", "delimiter": ","},
    }
    empty: dict[str, list[object]] = {"s": [], "t": [], "i": []}
    assert run(table, S, ROWS, tmp_path, serve=empty)["g"].shape == (0, 4)
