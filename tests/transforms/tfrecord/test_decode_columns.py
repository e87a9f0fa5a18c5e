"""Records decoded by feature are what protobuf decodes one by one."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord.decode import decode_example
from shardmill.transforms.tfrecord.decode_columns import decode_columns
from shardmill.transforms.tfrecord.encode import ExampleEncoder
from shardmill.transforms.tfrecord.encode_groups import SequenceEncoder

FEATURES = (
    FeatureSpec("ids", "int64", None),
    FeatureSpec("longer name", "int64"),
    FeatureSpec("x", "float32"),
    FeatureSpec("pair", "float32", (2,)),
    FeatureSpec("é", "bytes"),
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
ROWS = st.tuples(st.lists(INTEGERS, max_size=4), INTEGERS, st.floats(width=32), st.binary(max_size=300))


def encoded(rows: list[tuple[list[int], int, float, bytes]]) -> pa.Array:
    """The records of rows."""
    lists, integers, floats, texts = (list(column) for column in zip(*rows, strict=True))
    values = np.array(floats, np.float32)
    outputs: dict[str, Any] = {
        "ids": pa.array(lists, pa.large_list(pa.int64())),
        "longer name": np.array(integers, np.int64),
        "x": values,
        "pair": np.stack([values, values], axis=1),
        "é": pa.array(texts, pa.large_binary()),
    }
    return ExampleEncoder(FEATURES).encode(outputs, len(rows))


@given(st.lists(ROWS, min_size=1, max_size=20))
def test_features_are_those_of_protobuf(rows: list[tuple[list[int], int, float, bytes]]) -> None:
    """Values and their number are equal, for integers of any size, floats, texts and lists."""
    records = encoded(rows)
    found = decode_columns(records)
    expected = [decode_example(record.as_py()) for record in records]
    assert found.keys() == expected[0].keys()
    for name, decoded in found.items():
        assert decoded.counts.tolist() == [len(record[name]) for record in expected]
        values = [value for record in expected for value in record[name]]
        np.testing.assert_array_equal(np.array(decoded.values.tolist()), np.array(values))
    assert [name for name, decoded in found.items() if decoded.is_scalar] == sorted(
        ["longer name", "x", "é", *(["ids"] if all(len(row[0]) == 1 for row in rows) else [])]
    )


def test_only_wanted_features_are_decoded() -> None:
    """A name that no record has gives nothing; nor do no records."""
    records = encoded([([1], 2, 3.0, b"4")])
    assert list(decode_columns(records, {"x", "other"})) == ["x"]
    assert decode_columns(records.slice(0, 0)) == {}


def test_a_slice_is_decoded_from_its_beginning() -> None:
    """Records before a slice don't count."""
    records = encoded([([], row, 0.0, b"") for row in range(5)]).slice(2, 2)
    assert decode_columns(records)["longer name"].values.tolist() == [2, 3]


def test_of_groups_of_rows_the_context_is_decoded() -> None:
    """The lists that follow it in the record are left out; without a context there is nothing to decode."""
    features = [FeatureSpec("user", "int64"), FeatureSpec("price", "float32")]
    outputs = {"user": np.array([7, 7, 8]), "price": np.arange(3, dtype=np.float32)}
    edges = np.array([0, 2]), np.array([2, 3])
    found = decode_columns(SequenceEncoder(features, {"user"}).encode_groups(outputs, 3, *edges))
    assert {name: decoded.values.tolist() for name, decoded in found.items()} == {"user": [7, 8]}
    assert decode_columns(SequenceEncoder(features, ()).encode_groups(outputs, 3, *edges)) == {}


@pytest.mark.parametrize(
    "record",
    [
        b"\x0a",
        b"\x0a\x05\x0a\x03",
        b"\x0a\xff\xff\xff\xff\xff\xff",
        b"no Example",
        b"\x0a\x0a\x0a\x08\x0a\x01\xff\x12\x03\x1a\x01\x0a",
    ],
)
def test_other_bytes_are_refused(record: bytes) -> None:
    """What ends early, has other fields, or a name that isn't UTF-8, is no Example."""
    with pytest.raises(DataError, match="expected Examples with the same features in the same order"):
        decode_columns(pa.array([record], pa.large_binary()))


def test_records_with_different_features_are_refused() -> None:
    """All records have the features of the first one, in its order."""
    one = ExampleEncoder([FeatureSpec("a", "int64")]).encode({"a": np.array([1])}, 1)
    other = ExampleEncoder([FeatureSpec("b", "int64")]).encode({"b": np.array([1])}, 1)
    with pytest.raises(DataError, match="same features"):
        decode_columns(pa.concat_arrays([one, other]))
