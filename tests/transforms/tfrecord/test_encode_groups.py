"""Groups of rows are, byte for byte, what protobuf's deterministic serialization of SequenceExamples gives."""

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord.decode import _SequenceExample, decode_sequence
from shardmill.transforms.tfrecord.encode_groups import SequenceEncoder
from tests.support.framing import frame
from tests.transforms.tfrecord.test_encode import blocks, fill


def serialized(
    features: list[FeatureSpec], context: set[str], outputs: dict[str, Any], n: int, groups: list[tuple[int, int]]
) -> list[bytes]:
    """What protobuf gives, group by group."""
    records = []
    for start, stop in groups:
        example = _SequenceExample()
        for feature in features:
            if feature.name in context:
                fill(example.context.feature[feature.name], feature, outputs, start, n)
            else:
                steps = example.feature_lists.feature_list[feature.name].feature
                for row in range(start, stop):
                    fill(steps.add(), feature, outputs, row, n)
        records.append(example.SerializeToString(deterministic=True))
    return records


@settings(max_examples=200)
@given(blocks(), st.data())
def test_bytes_of_groups_are_protobufs(
    block: tuple[list[FeatureSpec], dict[str, Any], int], data: st.DataObject
) -> None:
    """Whatever the features, those of the context and the groups: the same bytes, framed or not."""
    features, outputs, n = block
    names = [feature.name for feature in features]
    context = data.draw(st.sets(st.sampled_from(names)) if names else st.just(set()))
    pairs = st.tuples(st.integers(0, max(n - 1, 0)), st.integers(1, max(n, 1))).filter(lambda pair: pair[0] < pair[1])
    groups = data.draw(st.lists(pairs, max_size=5)) if n else []
    starts, stops = (np.array([group[at] for group in groups], np.int64) for at in (0, 1))
    expected = serialized(features, context, outputs, n, groups)
    encoder = pickle.loads(pickle.dumps(SequenceEncoder(features, context)))
    assert encoder.encode_groups(outputs, n, starts, stops).to_pylist() == expected
    offsets, frames = encoder.encode_framed_groups(outputs, n, starts, stops)
    assert [frames[start:stop].tobytes() for start, stop in pairwise(offsets)] == list(map(frame, expected))


def test_groups_are_decoded_as_they_were_encoded() -> None:
    """The decoder gives the context's values once, and those of each step."""
    features = [FeatureSpec("user", "int64"), FeatureSpec("price", "float32", (2,))]
    outputs = {"user": np.array([7, 7, 7]), "price": np.arange(6, dtype=np.float32).reshape(3, 2)}
    encoder = SequenceEncoder(features, {"user"})
    (record,) = encoder.encode_groups(outputs, 3, np.array([1]), np.array([3])).to_pylist()
    assert decode_sequence(record) == ({"user": [7]}, {"price": [[2.0, 3.0], [4.0, 5.0]]})


@pytest.mark.parametrize(("start", "stop"), [(-1, 1), (1, 1), (2, 1), (0, 4)])
def test_edges_beyond_the_rows_are_refused(start: int, stop: int) -> None:
    """A group without rows, or with rows that there aren't, is refused before anything is read."""
    encoder = SequenceEncoder([FeatureSpec("user", "int64")], ())
    with pytest.raises(ValueError, match="the order of rows: expected numbers from 0 to 2, received others"):
        encoder.encode_groups({"user": np.arange(3)}, 3, np.array([start]), np.array([stop]))
