"""A run with features of texts: what the analysis counts is what the graph makes."""

import collections
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.console.progress import Progress
from shardmill.pipelines.verify.verify import verify
from tests.support.runs import run_toml

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

TOML = """
derive = "mine.py:derive"
[input]
files = { train = "train.csv", eval = "eval.csv" }
[features]
words = { kind = "tokens", column = "review", lower = true, strip_punctuation = true, strip_html = true, shared = "words" }
bag = { kind = "bag_of_words", column = "both", lower = true, top_k = 5, sparse = true }
rare = { kind = "tf_idf", column = "review", lower = true }
letters = { kind = "characters", column = "review" }
[features.first]
kind = "tokens"
column = "review"
lower = true
strip_punctuation = true
strip_html = true
shared = "words"
max_tokens = 3
start_end = true
[output]
shards = 1
shuffle = false
"""
DERIVE = """
import tensorflow as tf

def derive(inputs):
    return {"both": tf.strings.join([inputs["title"], inputs["review"]], " ")}
"""
TRAIN = [
    ("Fine", "A great film, a GREAT one!<br />See it."),
    ("Bad", "no film\nat all"),
    ("", ""),
    ("É", "été: it's a film"),
] * 3
EVAL = [("Only here", "unseen words, a film"), ("Bad", "great")]


def _lower(text: str) -> list[str]:
    return text.lower().split()


def _words(text: str) -> list[str]:
    return re.sub(r"[^\w\s]", "", re.sub(r"<[^>]*>", " ", text.lower())).split()


def _ranked(tokens: "collections.Counter[str]") -> list[str]:
    order = sorted(tokens, key=str.encode, reverse=True)
    return sorted(order, key=lambda token: -tokens[token])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run's folder."""
    folder = tmp_path_factory.mktemp("text")
    for name, rows in (("train", TRAIN), ("eval", EVAL)):
        lines = [f'"{title}","{review}"' for title, review in rows]
        (folder / f"{name}.csv").write_text("\n".join(["title,review", *lines, ""]))
    (folder / "mine.py").write_text(DERIVE)
    return run_toml(folder, TOML)


def _read(folder: Path, split: str) -> dict[str, Any]:
    spec = tft.TFTransformOutput(str(folder)).transformed_feature_spec()
    records = tf.data.TFRecordDataset(sorted(map(str, folder.glob(f"{split}-*"))), "GZIP")
    return tf.io.parse_example(list(records), spec)


def test_the_vocabulary_has_the_tokens_of_the_train_split(folder: Path) -> None:
    """They are counted by the graph that makes them: of raw columns and of derived ones, whole or the first few."""
    output = tft.TFTransformOutput(str(folder))
    counted = collections.Counter(word for _, review in TRAIN for word in _words(review))
    assert [token.decode() for token in output.vocabulary_by_name("words")] == _ranked(counted)
    counted = collections.Counter(word for title, review in TRAIN for word in _lower(f"{title} {review}"))
    assert [token.decode() for token in output.vocabulary_by_name("bag")] == _ranked(counted)[:5]
    counted = collections.Counter(word for _, review in TRAIN for word in set(_lower(review)))
    assert [token.decode() for token in output.vocabulary_by_name("rare")] == _ranked(counted)
    counted = collections.Counter(each for _, review in TRAIN for each in review if each != "\n")
    assert [token.decode() for token in output.vocabulary_by_name("letters")] == _ranked(counted)


def test_the_counts_of_words_are_kept(folder: Path) -> None:
    """They are in the order of ids, a line each, and the manifest has their file; of rows there are none."""
    counts = folder / "pre_transform_feature_stats" / "token_counts"
    assert {path.name for path in counts.iterdir()} == {"words", "bag", "letters"}
    words = collections.Counter(word for _, review in TRAIN for word in _words(review))
    assert (counts / "words").read_text() == "".join(f"{word} {words[word]}\n" for word in _ranked(words))
    assert "pre_transform_feature_stats/token_counts/words" in (folder / "manifest.json").read_text()


@pytest.mark.parametrize(("split", "rows"), [("train", TRAIN), ("eval", EVAL)])
def test_each_row_has_the_ids_of_its_tokens(folder: Path, split: str, rows: list[tuple[str, str]]) -> None:
    """TF Transform's feature spec reads them: rows of varying length, padded and sparse ones."""
    output = tft.TFTransformOutput(str(folder))
    found = _read(folder, split)
    ranks = {token.decode(): rank for rank, token in enumerate(output.vocabulary_by_name("words"))}
    words = [[ranks.get(word, -1) for word in _words(review)] for _, review in rows]
    assert tf.RaggedTensor.from_sparse(found["words"]).to_list() == [
        [rank + 2 if rank >= 0 else 1 for rank in row] for row in words
    ]
    first = [[2, *(rank + 4 if rank >= 0 else 1 for rank in row[:1]), 3] for row in words]
    assert found["first"].numpy().tolist() == [[*row, *[0] * (3 - len(row))] for row in first]
    bag = [token.decode() for token in output.vocabulary_by_name("bag")]
    counts = [[_lower(f"{title} {review}").count(word) for word in bag] for title, review in rows]
    assert np.array_equal(tf.sparse.to_dense(found["bag"]), np.array(counts, np.float32))
    letters = tf.RaggedTensor.from_sparse(found["letters"]).row_lengths().numpy().tolist()
    assert letters == [len(review) for _, review in rows]


def test_the_run_verifies(folder: Path) -> None:
    """The serving signature gives the same bits for every row."""
    checks = verify(str(folder), None, 2, Progress(quiet=True))
    assert [check.name for check in checks if check.problems] == []
