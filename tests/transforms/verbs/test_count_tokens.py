"""Counting the tokens of a TF Transform function's vocabularies."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

from tensorflow_transform import analyzer_nodes
from tensorflow_transform.analyzers import _VocabOrderingType

from shardmill.transforms import count_tokens
from shardmill.transforms.count_tokens import CountTokens


def counted(batches: list[np.ndarray]) -> Counter[Any]:
    """The pairs that a bundle of batches gives, added up."""
    count = count_tokens._Count()
    count.start_bundle()
    pairs = [pair for batch in batches for pair in count.process((batch,))]
    pairs += [value.value for value in count.finish_bundle()]
    found: Counter[Any] = Counter()
    for token, number in pairs:
        found[token] += number
    return found


@settings(max_examples=50)
@given(st.lists(st.lists(st.binary(max_size=4), max_size=20), max_size=5))
def test_every_token_is_counted(batches: list[list[bytes]]) -> None:
    """Bytes of any kind, empty ones too, and batches without any, are counted as Python counts them."""
    arrays = [np.array(tokens, object) for tokens in batches]
    assert counted(arrays) == Counter(token for tokens in batches for token in tokens)


def test_integers_and_matrices_are_counted() -> None:
    """Integers stay integers; of a batch of any shape all tokens are counted."""
    found = counted([np.array([[3, -1], [3, 3]], np.int64), np.array([2**63 - 1])])
    assert found == {3: 3, -1: 1, 2**63 - 1: 1}
    assert all(type(token) is int for token in found)


def test_many_different_tokens_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle holds no more than so many different tokens, and loses none."""
    monkeypatch.setattr(count_tokens, "_HELD", 10)
    count = count_tokens._Count()
    count.start_bundle()
    early = [pair for start in range(0, 40, 4) for pair in count.process((np.arange(start, start + 4),))]
    late = [value.value for value in count.finish_bundle()]
    assert len(late) <= 14
    assert sorted(early + late) == [(number, 1) for number in range(40)]


def test_a_frequent_token_leaves_once() -> None:
    """Of a bundle in which a token comes often there is one pair of it."""
    count = count_tokens._Count()
    count.start_bundle()
    for _ in range(5):
        assert list(count.process((np.array([b"a", b"a"], object),))) == []
    assert [value.value for value in count.finish_bundle()] == [(b"a", 10)]


def test_weighted_tokens_are_tf_transforms_business() -> None:
    """Where tokens have weights or labels its own implementation adds them up."""
    import apache_beam as beam
    from apache_beam.testing.util import assert_that, equal_to

    node = analyzer_nodes.VocabularyAccumulate(_VocabOrderingType.WEIGHTED_FREQUENCY)
    with beam.Pipeline() as pipeline:
        batches = pipeline | beam.Create([(np.array([b"a", b"b", b"a"], object), np.array([1.0, 2.0, 0.5]))])
        assert_that((batches,) | CountTokens(node, None), equal_to([(b"a", 1.5), (b"b", 2.0)]))
