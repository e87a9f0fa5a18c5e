"""Texts as ids of their tokens: those of Keras's `TextVectorization`, and what is ours alone."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(text="bytes")
TEXTS = [
    "The cat, the CAT! sat.",
    None,
    "a dog; the (dog) -- and don't",
    "   ",
    "cat",
    "unseen's  tab\there and there's the end",
]
PLAIN = [text or "" for text in TEXTS]


def ids(texts: list[str | None], folder: Path, **parameters: Any) -> Any:
    """The output of the kind."""
    return run({"x": {"kind": "tokens", "column": "text", **parameters}}, S, {"text": texts}, folder)["x"]


@pytest.mark.parametrize(
    ("parameters", "theirs"),
    [
        ({}, {"standardize": None}),
        ({"lower": True}, {"standardize": "lower"}),
        ({"strip_punctuation": True}, {"standardize": "strip_punctuation"}),
        ({"lower": True, "strip_punctuation": True}, {}),
        ({"lower": True, "strip_punctuation": True, "top_k": 3}, {"max_tokens": 5}),
        ({"max_tokens": 4}, {"standardize": None, "output_sequence_length": 4}),
        ({"ngrams": [1, 2], "top_k": 8}, {"standardize": None, "ngrams": 2, "max_tokens": 10}),
        ({"ngrams": [2, 3], "lower": True}, {"standardize": "lower", "ngrams": (2, 3)}),
    ],
)
def test_ids_are_those_of_keras(parameters: dict[str, Any], theirs: dict[str, Any], tmp_path: Path) -> None:
    """The vocabulary, its order, the padding, the unknown and the n-grams are; what Keras pads we leave out."""
    layer = keras.layers.TextVectorization(**theirs)
    layer.adapt(tf.constant(PLAIN))
    expected = layer(tf.constant(PLAIN)).numpy()
    found = ids(TEXTS, tmp_path, **parameters)
    if "max_tokens" in parameters:
        assert np.array_equal(found, expected)
    else:
        assert found == [[each for each in row.tolist() if each] for row in expected]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"delimiter": "|"}, [[b"A", b"b"], [], [b"a c"], [b"\xc3\x89", b"\xc3\x89"]]),
        ({"delimiter": "|", "lower": True}, [[b"a", b"b"], [], [b"a c"], [b"\xc3\xa9", b"\xc3\xa9"]]),
        ({"pattern": "[|\\s]+"}, [[b"A", b"b"], [], [b"a", b"c"], [b"\xc3\x89", b"\xc3\x89"]]),
        ({"strip_html": True}, [[b"A||b"], [], [b"|a", b"c"], [b"\xc3\x89|\xc3\x89"]]),
        ({"delimiter": "|", "strip_punctuation": True}, [[b"A", b"b"], [], [b"a c"], [b"\xc3\x89", b"\xc3\x89"]]),
    ],
)
def test_rules(parameters: dict[str, Any], expected: list[list[bytes]], tmp_path: Path) -> None:
    """A text is split, its tokens are changed, and empty ones are left out."""
    texts = ["A||b", "", "|a c", "\N{LATIN CAPITAL LETTER E WITH ACUTE}|\N{LATIN CAPITAL LETTER E WITH ACUTE}"]
    found = ids([*texts], tmp_path, **parameters)
    names = [b"", b"[UNK]", *(tmp_path / "assets" / "x").read_bytes().split(b"\n")]
    assert [[names[each] for each in row] for row in found] == expected


def test_tags_and_comments_are_html(tmp_path: Path) -> None:
    """They become a space; what only looks like a tag stays."""
    texts: list[str | None] = ["a<br />b</p>c<!-- x\n<b> -->d", 'e<a href="f">g', "1 < 2 and 3>2", "<3"]
    ids(texts, tmp_path, strip_html=True, pattern=" +")
    tokens = set((tmp_path / "assets" / "x").read_text().split("\n")[:-1])
    assert tokens == {"a", "b", "c", "d", "e", "g", "1", "<", "2", "and", "3>2", "<3"}


def test_a_row_begins_and_ends_with_ids_of_its_own(tmp_path: Path) -> None:
    """They are 2 and 3; a row that is cut keeps its end."""
    texts: list[str | None] = ["b b b a", None, "a"]
    (tmp_path / "padded").mkdir()
    assert ids(texts, tmp_path, start_end=True) == [[2, 4, 4, 4, 5, 3], [2, 3], [2, 5, 3]]
    padded = ids(texts, tmp_path / "padded", start_end=True, max_tokens=4)
    assert padded.tolist() == [[2, 4, 4, 3], [2, 3, 0, 0], [2, 5, 3, 0]]


def test_hash_buckets_need_no_vocabulary(tmp_path: Path) -> None:
    """Ids follow those that are reserved; nothing is unknown."""
    found = ids(["b a", None], tmp_path, num_buckets=100)
    assert found == [(tf.strings.to_hash_bucket_fast([b"b", b"a"], 100).numpy() + 2).tolist(), []]


def test_unknown_tokens(tmp_path: Path) -> None:
    """They are 1, or in buckets after the vocabulary; a file gives the vocabulary as the analysis does."""
    (tmp_path / "given").write_text("b\na\n")
    for number, parameters in enumerate(({}, {"num_oov_buckets": 3})):
        folder = tmp_path / str(number)
        folder.mkdir()
        found = ids(["a b", "c"], folder, file=str(tmp_path / "given"), **parameters)
        assert found[0] == [3, 2]
        assert found[1] == [1] if not parameters else found[1][0] in {4, 5, 6}


@pytest.mark.parametrize(("missing", "expected"), [("b", [[3], [2, 3]]), (None, [[], [2, 3]])])
def test_a_text_replaces_a_missing_one(missing: str | None, expected: list[list[int]], tmp_path: Path) -> None:
    """It does in the rows, not in the counts."""
    assert ids([None, "c b"], tmp_path, **({} if missing is None else {"missing": missing})) == expected


def test_one_row_and_none(tmp_path: Path) -> None:
    """A batch may have one row, or no row at all."""
    table = {"x": {"kind": "tokens", "column": "text", "ngrams": [1, 2], "max_tokens": 2, "start_end": False}}
    table["bag"] = {"kind": "bag_of_words", "column": "text"}
    table["few"] = {"kind": "tf_idf", "column": "text", "sparse": True}
    found = run(table, S, {"text": ["a a b"]}, tmp_path, {"text": []})
    assert {name: values.shape for name, values in found.items()} == {"x": (0, 2), "bag": (0, 2), "few": (0, 2)}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"delimiter": "|", "pattern": "x"}, "expected `delimiter` or `pattern`, received both; remove one of them"),
        ({"delimiter": ""}, 'expected a `delimiter` that isn\'t empty, received ""'),
        ({"pattern": ""}, 'expected a `pattern` that isn\'t empty, received ""'),
        ({"pattern": "("}, "expected `pattern` to be a regular expression (RE2), received '(': "),
        (
            {"ngrams": [2, 1]},
            "expected `ngrams` to be two numbers of words from 1 on, the least first, received [2, 1]",
        ),
        (
            {"ngrams": [0, 1]},
            "expected `ngrams` to be two numbers of words from 1 on, the least first, received [0, 1]",
        ),
        ({"num_buckets": 0}, "expected `num_buckets` to be at least 1, received 0"),
        (
            {"num_buckets": 9, "top_k": 1},
            "expected `num_buckets` (hash buckets) or `top_k` (a vocabulary), received both; remove one of them",
        ),
        ({"max_tokens": 0}, "expected `max_tokens` to be at least 1, received 0"),
        ({"max_tokens": 2, "start_end": True}, "expected `max_tokens` to be at least 3, received 2"),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    """The message names the parameter."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "tokens", "column": "text", **parameters}}, S)
    assert f"[features] x: {message}" in str(caught.value)
