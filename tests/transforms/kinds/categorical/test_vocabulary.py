"""Kinds that look tokens up in a vocabulary."""

from pathlib import Path

import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.features.registry import parse_features
from shardmill.transforms.graph.vocabulary_files import asset_name, write_assets
from tests.support.kinds import analyzed, batch_of, run, schema_of

S = schema_of(s="bytes", t="bytes", i="int")
ROWS = {
    "s": ["b", "a", "b", "c", None, "a", "b"],
    "t": ["x", "b", "x", "x", "x", "a", None],
    "i": [10, 9, 9, 10, 10, None, -3],
}


def test_ids_follow_the_count(tmp_path: Path) -> None:
    """The most frequent token is 0; ties fall to the greater token first; missing and unknown tokens are -1."""
    out = run({"s": "vocabulary", "i": "vocabulary"}, S, ROWS, tmp_path)
    assert out["s"].tolist() == [0, 1, 0, 2, -1, 1, 0]
    assert out["i"].tolist() == [0, 1, 1, 0, 0, -1, 2]


def test_default_value(tmp_path: Path) -> None:
    """Unknown tokens get the default value."""
    assert run({"s": {"kind": "vocabulary", "top_k": 1, "default_value": 7}}, S, ROWS, tmp_path)["s"].tolist() == [
        0,
        7,
        0,
        7,
        7,
        7,
        0,
    ]


def test_oov_buckets(tmp_path: Path) -> None:
    """Unknown tokens are spread over the OOV buckets by their hash, as TensorFlow's tables do it; the empty one too."""
    out = run(
        {"s": {"kind": "vocabulary", "frequency_threshold": 3, "num_oov_buckets": 5, "default_value": 9}},
        S,
        ROWS,
        tmp_path,
    )["s"]
    hashed = (tf.strings.to_hash_bucket_fast(["a", "c", "", "a"], 5) + 1).numpy().tolist()
    assert out.tolist() == [0, hashed[0], 0, *hashed[1:], 0]


def test_reserved_tokens(tmp_path: Path) -> None:
    """Reserved tokens take the first ids, once, and `top_k` doesn't count them."""
    table = {"s": {"kind": "vocabulary", "top_k": 2, "reserved_tokens": ["<none>", "b"], "missing": "<none>"}}
    assert run(table, S, ROWS, tmp_path)["s"].tolist() == [1, 2, 1, -1, 0, 2, 1]


def test_missing_is_the_mode(tmp_path: Path) -> None:
    """A missing cell may be the most frequent token."""
    assert run({"s": {"kind": "vocabulary", "missing": "mode"}}, S, ROWS, tmp_path)["s"].tolist() == [
        0,
        1,
        0,
        2,
        0,
        1,
        0,
    ]


def test_several_columns(tmp_path: Path) -> None:
    """Several columns are one vocabulary, and the output has an id for each."""
    out = run({"both": {"kind": "vocabulary", "columns": ["s", "t"]}}, S, ROWS, tmp_path)["both"]
    # x 4, b 4, a 3, c 1
    assert out.tolist() == [[1, 0], [2, 1], [1, 0], [3, 0], [-1, 0], [2, 2], [1, -1]]


def test_shared(tmp_path: Path) -> None:
    """Features that share a vocabulary build it together and give a token the same id."""
    table = {
        "s": {"kind": "vocabulary", "shared": "letters"},
        "t": {"kind": "vocabulary", "shared": "letters", "num_oov_buckets": 1},
    }
    out = run(table, S, ROWS, tmp_path)
    assert out["s"].tolist() == [1, 2, 1, 3, -1, 2, 1]
    assert out["t"].tolist() == [0, 1, 0, 0, 0, 2, 4]


def test_file(tmp_path: Path) -> None:
    """A given vocabulary is used as it stands, whatever its line ends."""
    file = tmp_path / "given.txt"
    file.write_bytes(b"c\r\nb\r\n")
    assert run({"s": {"kind": "vocabulary", "file": str(file)}}, S, ROWS, tmp_path)["s"].tolist() == [
        1,
        -1,
        1,
        0,
        -1,
        -1,
        1,
    ]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"kind": "vocabulary", "frequency_threshold": 9},
            r"none of 6 tokens has a count of 9 \(`frequency_threshold`\)",
        ),
        ({"kind": "vocabulary", "column": "t"}, "there is no token in the 7 rows"),
    ],
)
def test_an_empty_vocabulary(table: dict[str, object], message: str, tmp_path: Path) -> None:
    """An empty vocabulary is an error that names the feature, the column and what to do."""
    kinds = parse_features({"f": {"column": "s", **table}}, S)
    statistics = analyzed(kinds, S, batch_of(S, {**ROWS, "t": [None] * 7}), tmp_path)
    (tmp_path / "assets").mkdir()
    with pytest.raises(DataError, match=f"feature 'f': the vocabulary of column '.' is empty: {message}"):
        write_assets(kinds, statistics, tmp_path / "assets")


def test_names_of_files() -> None:
    """A vocabulary's file is called as the vocabulary; odd characters, dots alone and great lengths are made fit."""
    assert asset_name("origin") == "origin"
    assert asset_name("a b/c") == "a b%2Fc"
    assert asset_name("..") == "%2E%2E"
    assert len(asset_name("x" * 300)) < 255
    assert asset_name("x" * 300) != asset_name("x" * 301)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"s": {"kind": "vocabulary", "top_k": 0}}, "expected `top_k` to be at least 1, received 0"),
        ({"s": {"kind": "vocabulary", "num_oov_buckets": -1}}, "expected `num_oov_buckets` to be at least 0"),
        (
            {"s": {"kind": "vocabulary", "reserved_tokens": ["a", "a"]}},
            "expected `reserved_tokens` without repetitions",
        ),
        (
            {"s": {"kind": "vocabulary", "reserved_tokens": ["a\nb"]}},
            r"expected `reserved_tokens` that aren't empty and have no line end, received 'a\\nb'",
        ),
        ({"s": {"kind": "vocabulary", "file": "/nowhere/x"}}, "can't read the vocabulary `file` '/nowhere/x'"),
        ({"s": {"kind": "vocabulary", "missing": 3}}, "expected `missing` to be a string"),
        (
            {"x": {"kind": "vocabulary", "column": "f"}},
            "expected a column of type BYTES or INT for `vocabulary`, received column 'f', which is FLOAT",
        ),
        (
            {"s": {"kind": "vocabulary", "shared": "v"}, "t": {"kind": "vocabulary", "shared": "v", "top_k": 3}},
            "as feature 's', which shares the vocabulary 'v'",
        ),
        ({"s": {"kind": "multi_hot", "delimiter": ""}}, "expected a `delimiter` that isn't empty"),
        ({"s": {"kind": "one_hot", "default_value": 1}}, "`one_hot` has no parameter `default_value`"),
    ],
)
def test_bad_parameters(table: dict[str, object], message: str) -> None:
    """Parameters that don't fit are refused."""
    with pytest.raises(ConfigError, match=message):
        parse_features(table, schema_of(s="bytes", t="bytes", f="float"))


@pytest.mark.parametrize(
    ("content", "message"), [("", "is empty"), ("a\nb\na\n", "has 'a' twice"), ("a\n\nb\n", "has an empty line")]
)
def test_bad_files(content: str, message: str, tmp_path: Path) -> None:
    """A given vocabulary that can't be one is refused."""
    file = tmp_path / "given"
    file.write_text(content)
    with pytest.raises(ConfigError, match=message):
        parse_features({"s": {"kind": "vocabulary", "file": str(file)}}, S)


RANKED = {"kind": "vocabulary", "rank_by": "mutual_information"}
OF_LABELS = {"s": ["often"] * 6 + ["yes"] * 3 + ["no", "none", None], "y": [0, 1, 0, 1, 0, 1, 1, 1, 1, 0, None, 1]}


def test_ids_follow_the_mutual_information_with_the_label(tmp_path: Path) -> None:
    """With the only label, which may be rarer than its rows; a token that only rows without a label have is unknown."""
    schema = schema_of(s="bytes", y="int")
    table = {
        "s": RANKED,
        "one": {**RANKED, "kind": "one_hot", "column": "s", "top_k": 1},
        "y": {"kind": "label", "missing": 0},
    }
    out = run(table, schema, OF_LABELS, tmp_path)
    assert out["s"].tolist() == [2] * 6 + [0] * 3 + [1, -1, -1]
    assert out["one"].tolist() == [[0]] * 6 + [[1]] * 3 + [[0]] * 3


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"s": RANKED},
            "expected one `label` or `class_label` among the features, from which it is computed, received none; say which",
        ),
        (
            {"s": RANKED, "i": "label", "t": "class_label"},
            r"expected one `label` or `class_label` among the features, from which it is computed, received 2 \(i, t\); say which",
        ),
        ({"s": {**RANKED, "label": "u"}}, "there is no column 'u'"),
        (
            {"s": {**RANKED, "label": "s"}},
            "expected a `label` besides the columns that it ranks, received 's'; name another",
        ),
        (
            {"s": {"kind": "vocabulary", "label": "i"}},
            'expected `rank_by = "mutual_information"` with `label`, received `label` alone; add the one or remove the other',
        ),
        (
            {"s": {"kind": "vocabulary", "min_diff_from_avg": 1}},
            'expected `rank_by = "mutual_information"` with `min_diff_from_avg`, received `min_diff_from_avg` alone; add',
        ),
        *(
            (
                {"s": {**RANKED, "label": "i", "min_diff_from_avg": least}},
                f'expected `min_diff_from_avg` to be a number of at least 0 or "auto", received {least!r}',
            )
            for least in (-1, "none")
        ),
        (
            {"s": {"kind": "vocabulary", "rank_by": "size"}},
            'expected `rank_by` to be "frequency", "mutual_information" or "adjusted_mutual_information", received \'size\'',
        ),
        (
            {"s": {**RANKED, "label": "i", "missing": "mode"}},
            'expected `rank_by = "frequency"` for `missing = "mode"`, received \'mutual_information\'; it needs the counts',
        ),
        ({"s": {**RANKED, "label": "i", "kind": "count"}}, 'expected `rank_by = "frequency"` for `count`, received'),
        ({"s": {**RANKED, "label": "i", "kind": "tf_idf"}}, 'expected `rank_by = "frequency"` for `tf_idf`, received'),
        (
            {"s": {**RANKED, "label": "i", "file": "f"}},
            "expected no `rank_by` with a `file`, received 'mutual_information'",
        ),
        (
            {"s": {**RANKED, "label": "i", "kind": "tokens", "num_buckets": 9}},
            r"expected `num_buckets` \(hash buckets\) or `rank_by` \(a vocabulary\), received both",
        ),
        (
            {"c": {**RANKED, "label": "i", "kind": "cross", "columns": ["s", "t"], "num_buckets": 9}},
            r"expected `num_buckets` \(hash buckets\) or `rank_by` \(a vocabulary\), received both",
        ),
    ],
)
def test_wrong_rankings(
    table: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label that isn't there or isn't one, and parameters that don't go with a ranking, are named."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f").write_text("a\n")
    with pytest.raises(ConfigError, match=f"^\\[features\\] [sc]: {message}"):
        parse_features(table, S)
