"""The encoder's records are, byte for byte, what protobuf's deterministic serialization gives."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord import row_groups
from shardmill.transforms.tfrecord.encode import ExampleEncoder
from shardmill.transforms.tfrecord.frames import frame
from shardmill.transforms.tfrecord.wire import encode_feature, varint, varints

FLOAT, INT, BYTES, MESSAGE = 2, 3, 12, 11
ONE, MANY = 1, 3


def _message(file: Any, name: str, *fields: tuple[str, int, int, int, str]) -> Any:
    message = file.message_type.add(name=name)
    for field, number, label, kind, type_name in fields:
        message.field.add(name=field, number=number, label=label, type=kind, type_name=type_name or None)
    return message


def _example_class() -> Any:
    """tf.train.Example built from example.proto and feature.proto by hand: importing TensorFlow takes seconds."""
    file = descriptor_pb2.FileDescriptorProto(name="example_by_hand.proto", package="byhand", syntax="proto3")
    _message(file, "BytesList", ("value", 1, MANY, BYTES, ""))
    _message(file, "FloatList", ("value", 1, MANY, FLOAT, ""))
    _message(file, "Int64List", ("value", 1, MANY, INT, ""))
    lists = (("bytes_list", 1, "BytesList"), ("float_list", 2, "FloatList"), ("int64_list", 3, "Int64List"))
    feature = _message(
        file, "Feature", *((name, number, ONE, MESSAGE, f".byhand.{kind}") for name, number, kind in lists)
    )
    feature.oneof_decl.add(name="kind")
    for field in feature.field:
        field.oneof_index = 0
    features = _message(file, "Features", ("feature", 1, MANY, MESSAGE, ".byhand.Features.FeatureEntry"))
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=ONE, type=9)
    entry.field.add(name="value", number=2, label=ONE, type=MESSAGE, type_name=".byhand.Feature")
    _message(file, "Example", ("features", 1, ONE, MESSAGE, ".byhand.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("byhand.Example"))


EXAMPLE = _example_class()


def serialized(features: list[FeatureSpec], outputs: dict[str, Any], n: int) -> list[bytes]:
    """What protobuf gives, row by row."""
    records = []
    for row in range(n):
        example = EXAMPLE()
        example.features.SetInParent()
        for feature in features:
            values, kind = outputs[feature.name], feature.dtype
            if isinstance(values, pa.Array):
                all_values = values.to_pylist()
                each = len(all_values) // n
                mine = all_values[row] if pa.types.is_list(values.type) else all_values[row * each : (row + 1) * each]
            else:
                mine = values[row].reshape(-1).tolist()
            place = example.features.feature[feature.name]
            chosen = {"float32": place.float_list, "int64": place.int64_list, "bytes": place.bytes_list}[kind]
            chosen.SetInParent()
            chosen.value.extend(mine)
        records.append(example.SerializeToString(deterministic=True))
    return records


INTS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 300),
    st.sampled_from([2**7, 2**14, 2**21 - 1, 2**35, 2**56, 2**63 - 1, -1]),
)
FLOATS = st.floats(width=32)
TEXTS = st.one_of(st.binary(max_size=5), st.binary(min_size=120, max_size=140))


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[FeatureSpec], dict[str, Any], int]:
    """Features of all dtypes and shapes, and values of some rows."""
    n = draw(st.integers(0, 6))
    names = draw(st.lists(st.text(st.characters(codec="utf-8"), max_size=6), max_size=6, unique=True))
    features, outputs = [], {}
    for name in names:
        dtype = draw(st.sampled_from(["float32", "int64", "bytes"]))
        values = {"float32": FLOATS, "int64": INTS, "bytes": TEXTS}[dtype]
        kind = {"float32": pa.float32(), "int64": pa.int64(), "bytes": pa.binary()}[dtype]
        if draw(st.booleans()):
            shape = draw(st.sampled_from([(), (1,), (3,), (2, 2), (0,)]))
            count = n * int(np.prod(shape, dtype=int))
            flat = pa.array(draw(st.lists(values, min_size=count, max_size=count)), kind)
            outputs[name] = flat if dtype == "bytes" else flat.to_numpy().reshape(n, *shape)
        else:
            shape = ()
            outputs[name] = pa.array(
                draw(st.lists(st.lists(values, max_size=3), min_size=n, max_size=n)), pa.list_(kind)
            )
        features.append(FeatureSpec(name, dtype, shape))
    return features, outputs, n


@settings(max_examples=150)
@given(blocks())
def test_bytes_are_protobufs(block: tuple[list[FeatureSpec], dict[str, Any], int]) -> None:
    """Whatever the names, dtypes, shapes and values: the same bytes, framed or not."""
    features, outputs, n = block
    expected = serialized(features, outputs, n)
    encoder = ExampleEncoder(features)
    assert encoder.encode(outputs, n).to_pylist() == expected
    assert encoder.encode_framed(outputs, n).to_pylist() == frame(pa.array(expected, pa.binary())).to_pylist()


def _flights(n: int) -> tuple[list[FeatureSpec], dict[str, Any]]:
    random = np.random.default_rng(n)
    features = [
        FeatureSpec("delay", "float32"),
        FeatureSpec("vector", "float32", (3,)),
        FeatureSpec("carrier", "int64"),
        FeatureSpec("tail", "int64"),
    ]
    outputs = {
        "delay": random.standard_normal(n).astype(np.float32),
        "vector": random.standard_normal((n, 3)).astype(np.float32),
        "carrier": random.integers(-1, 200, n),
        "tail": random.integers(0, 50_000, n),
    }
    return features, outputs


@pytest.mark.parametrize("limit", [0, 10**9])
def test_both_ways_of_joining_agree(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Rows in groups of equal layout and rows joined piece by piece give protobuf's bytes in the rows' order."""
    monkeypatch.setattr(row_groups, "_FREE_GROUPS", limit)
    monkeypatch.setattr(row_groups, "_ROWS_PER_GROUP", 10**9)
    features, outputs = _flights(500)
    expected = serialized(features, outputs, 500)
    encoder = ExampleEncoder(features)
    assert encoder.encode(outputs, 500).to_pylist() == expected
    assert encoder.encode_framed(outputs, 500).equals(frame(pa.array(expected, pa.binary())))


@pytest.mark.parametrize("width", [100, 101, 3000])
def test_wide_rows(width: int) -> None:
    """Rows too wide for checksums by look-up are framed the same."""
    values = np.random.default_rng(0).standard_normal((9, width)).astype(np.float32)
    features = [FeatureSpec("wide", "float32", (width,)), FeatureSpec("id", "int64")]
    outputs = {"wide": values, "id": np.arange(9) * 40}
    expected = frame(pa.array(serialized(features, outputs, 9), pa.binary()))
    assert ExampleEncoder(features).encode_framed(outputs, 9).equals(expected)


def test_names_that_begin_alike() -> None:
    """Features whose names begin with another's stand where protobuf puts them."""
    features = [FeatureSpec(name, "int64") for name in ("x", "x_missing", "x_missing_2", "", "w", "y", "é", "éa")]
    outputs = {feature.name: np.array([3]) for feature in features}
    assert ExampleEncoder(features).encode(outputs, 1).to_pylist() == serialized(features, outputs, 1)


def test_bits_of_nan_are_kept() -> None:
    """A NaN's payload and sign, -0.0 and denormals go through as they are."""
    bits = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 0x00000001], np.uint32)
    (record,) = (
        ExampleEncoder([FeatureSpec("x", "float32", (4,))]).encode({"x": bits.view(np.float32)[None]}, 1).to_pylist()
    )
    assert record.endswith(bits.tobytes())


def test_strings_and_slices() -> None:
    """A sliced column of strings (not binary) is encoded by its own rows."""
    features = [FeatureSpec("s", "bytes")]
    rows = pa.array(["skip", "é", "", "long" * 50, "skip"]).slice(1, 3)
    expected = serialized(features, {"s": pa.array(["é".encode(), b"", b"long" * 50])}, 3)
    assert ExampleEncoder(features).encode({"s": rows}, 3).to_pylist() == expected


def test_sliced_lists() -> None:
    """A sliced list column is encoded by its own rows."""
    features = [FeatureSpec("l", "int64")]
    lists = pa.array([[9, 9], [1], [], [300, -1], [9]], pa.list_(pa.int64())).slice(1, 3)
    expected = serialized(features, {"l": pa.array([[1], [], [300, -1]], pa.list_(pa.int64()))}, 3)
    assert ExampleEncoder(features).encode({"l": lists}, 3).to_pylist() == expected


def test_encoder_takes_columns_that_are_not_contiguous() -> None:
    """A transposed or strided NumPy output is read by its values."""
    features = [FeatureSpec("x", "float32", (2,)), FeatureSpec("i", "int64")]
    outputs = {"x": np.arange(6, dtype=np.float32).reshape(2, 3).T, "i": np.arange(6)[::2]}
    assert ExampleEncoder(features).encode(outputs, 3).to_pylist() == serialized(features, outputs, 3)


def test_wrong_number_of_values() -> None:
    """Values that don't divide into rows are refused."""
    with pytest.raises(
        ValueError, match="feature 'x': expected equally many values in each of 3 rows, received 4 values"
    ):
        encode_feature("x", "float32", np.zeros(4, np.float32), 3)


@given(st.lists(st.integers(0, 2**64 - 1)))
def test_varints(values: list[int]) -> None:
    """Varints of a column are those of its values one by one."""
    padded, lengths = varints(np.array(values, np.uint64))
    found = [bytes(row[:length]) for row, length in zip(padded, lengths.tolist(), strict=True)]
    assert found == [varint(value) for value in values]
