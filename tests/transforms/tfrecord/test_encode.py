"""The encoder's records are, byte for byte, what protobuf's deterministic serialization gives."""

import pickle
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shardmill.schemas.features import FeatureSpec
from shardmill.transforms.tfrecord.decode import _Example
from shardmill.transforms.tfrecord.encode import ExampleEncoder
from tests.support.framing import frame, frames


def is_list(values: pa.Array) -> bool:
    """Whether an array holds a list for each row."""
    return bool(pa.types.is_list(values.type) or pa.types.is_large_list(values.type))


def fill(place: Any, feature: FeatureSpec, outputs: dict[str, Any], row: int, n: int) -> None:
    """Fills a `Feature` of protobuf with a row's values."""
    values = outputs[feature.name]
    if isinstance(values, pa.Array):
        all_values = values.to_pylist()
        each = len(all_values) // n
        mine = all_values[row] if is_list(values) else all_values[row * each : (row + 1) * each]
    else:
        mine = values[row].reshape(-1).tolist()
    chosen = {"float32": place.float_list, "int64": place.int64_list, "bytes": place.bytes_list}[feature.dtype]
    chosen.SetInParent()
    chosen.value.extend(each.encode() if isinstance(each, str) else each for each in mine)


def serialized(features: list[FeatureSpec], outputs: dict[str, Any], n: int) -> list[bytes]:
    """What protobuf gives, row by row."""
    records = []
    for row in range(n):
        example = _Example()
        example.features.SetInParent()
        for feature in features:
            fill(example.features.feature[feature.name], feature, outputs, row, n)
        records.append(example.SerializeToString(deterministic=True))
    return records


INTS = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 300),
    st.sampled_from([2**7, 2**14, 2**21 - 1, 2**35, 2**56, 2**63 - 1, -1]),
)
FLOATS = st.floats(width=32)
TEXTS = st.one_of(st.binary(max_size=5), st.binary(min_size=120, max_size=140))


KINDS = {
    "float32": [pa.float32()],
    "int64": [pa.int64()],
    "bytes": [pa.binary(), pa.large_binary(), pa.string(), pa.large_string()],
}


def _sliced(draw: st.DrawFn, values: list[Any], kind: pa.DataType) -> pa.Array:
    """An array of the values, perhaps a slice of a longer one."""
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    return pa.array([*values[:before], *values, *values[:after]], kind).slice(min(before, len(values)), len(values))


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[FeatureSpec], dict[str, Any], int]:
    """Features of all dtypes, shapes and layouts in memory, and values of some rows."""
    n = draw(st.integers(0, 7))
    names = draw(st.lists(st.text(st.characters(codec="utf-8"), max_size=60), max_size=6, unique=True))
    features, outputs = [], {}
    for name in names:
        dtype = draw(st.sampled_from(list(KINDS)))
        kind = draw(st.sampled_from(KINDS[dtype]))
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        values = {"float32": FLOATS, "int64": INTS, "bytes": st.text(max_size=9) if is_text else TEXTS}[dtype]
        shape: tuple[int, ...] | None = draw(st.sampled_from([None, (), (), (1,), (3,), (2, 2), (0,), (17,)]))
        if shape is None:
            lists = draw(st.lists(st.lists(values, max_size=3), min_size=n, max_size=n))
            outputs[name] = _sliced(draw, lists, draw(st.sampled_from([pa.list_, pa.large_list]))(kind))
        else:
            count = n * int(np.prod(shape, dtype=int))
            flat = _sliced(draw, draw(st.lists(values, min_size=count, max_size=count)), kind)
            outputs[name] = flat if dtype == "bytes" else flat.to_numpy().reshape(n, *shape)
        features.append(FeatureSpec(name, dtype, shape))
    return features, outputs, n


def _framed(encoder: ExampleEncoder, outputs: dict[str, Any], n: int, order: np.ndarray | None = None) -> list[bytes]:
    """Each row's frame."""
    offsets, data = encoder.encode_framed(outputs, n, order)
    assert offsets[-1] == len(data)
    return [data[start:stop].tobytes() for start, stop in pairwise(offsets)]


@settings(max_examples=300)
@given(blocks(), st.data())
def test_bytes_are_protobufs(block: tuple[list[FeatureSpec], dict[str, Any], int], data: st.DataObject) -> None:
    """Whatever the names, dtypes, shapes, layouts and values: the same bytes, framed or not, in any order of rows."""
    features, outputs, n = block
    expected = serialized(features, outputs, n)
    encoder = ExampleEncoder(features)
    assert encoder.encode(outputs, n).to_pylist() == expected
    assert _framed(encoder, outputs, n) == list(map(frame, expected))
    order = data.draw(st.lists(st.integers(0, n - 1), max_size=9) if n else st.just([]))
    chosen = [expected[row] for row in order]
    assert encoder.encode(outputs, n, np.array(order, np.int64)).to_pylist() == chosen
    assert _framed(encoder, outputs, n, np.array(order, np.int64)) == list(map(frame, chosen))


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


def test_many_rows() -> None:
    """Some hundred rows, whose integers take from one byte to ten."""
    features, outputs = _flights(500)
    expected = serialized(features, outputs, 500)
    encoder = ExampleEncoder(features)
    assert encoder.encode(outputs, 500).to_pylist() == expected
    order = np.random.default_rng(2).permutation(500)
    _, data = encoder.encode_framed(outputs, 500, order)
    assert data.tobytes() == frames(expected[row] for row in order)


@pytest.mark.parametrize("width", [100, 101, 3000])
def test_wide_rows(width: int) -> None:
    """Rows of many values, and of many features with one value each, are framed the same."""
    values = np.random.default_rng(0).standard_normal((9, width)).astype(np.float32)
    for wide in ({"wide": values}, {f"column {index}": values[:, index] for index in range(width)}):
        features = [FeatureSpec(name, "float32", found.shape[1:]) for name, found in wide.items()]
        features.append(FeatureSpec("id", "int64"))
        outputs = {**wide, "id": np.arange(9) * 40}
        _, data = ExampleEncoder(features).encode_framed(outputs, 9)
        assert data.tobytes() == frames(serialized(features, outputs, 9))


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


def test_encoder_takes_columns_that_are_not_contiguous() -> None:
    """A transposed or strided NumPy output is read by its values."""
    features = [FeatureSpec("x", "float32", (2,)), FeatureSpec("i", "int64")]
    outputs = {"x": np.arange(6, dtype=np.float32).reshape(2, 3).T, "i": np.arange(6)[::2]}
    assert ExampleEncoder(features).encode(outputs, 3).to_pylist() == serialized(features, outputs, 3)


def test_wrong_number_of_values() -> None:
    """Values that don't divide into rows are refused."""
    with pytest.raises(
        ValueError,
        match=r"^feature 'x': expected equally many values in each of 3 rows, received 4 values; give values of varying number as lists$",
    ):
        ExampleEncoder([FeatureSpec("x", "float32")]).encode({"x": np.zeros(4, np.float32)}, 3)


def test_wrong_number_of_lists() -> None:
    """Lists for more or fewer rows are refused."""
    with pytest.raises(
        ValueError,
        match=r"^feature 'x': expected a list for each of 3 rows, received 2 lists; give an empty one where there are no values$",
    ):
        ExampleEncoder([FeatureSpec("x", "int64", None)]).encode({"x": pa.array([[1], [2]])}, 3)


@pytest.mark.parametrize("offsets", [[0, 2, 1, 3], [0, 1, 99, 3], [0, -1, 1, 3]])
@pytest.mark.parametrize("dtype", ["bytes", "int64"])
def test_offsets_beyond_the_values(offsets: list[int], dtype: str) -> None:
    """Offsets that fall, or point outside the values, are refused rather than read."""
    edges = pa.py_buffer(np.array(offsets, np.int32))
    if dtype == "bytes":
        array = pa.Array.from_buffers(pa.binary(), 3, [None, edges, pa.py_buffer(b"abc")])
    else:
        array = pa.Array.from_buffers(pa.list_(pa.int64()), 3, [None, edges], children=[pa.array([1, 2, 3])])
    features = [FeatureSpec("fine", "int64"), FeatureSpec("x", dtype)]
    with pytest.raises(
        ValueError,
        match=r"^feature 'x': expected offsets that rise to the number of its values, received others; see what `array\.validate",
    ):
        ExampleEncoder(features).encode({"fine": np.arange(3), "x": array}, 3)


def test_bytes_without_offsets() -> None:
    """Bytes in an array of NumPy's, which has no offsets, are refused rather than looked for."""
    features = [FeatureSpec("fine", "int64"), FeatureSpec("x", "bytes")]
    with pytest.raises(
        ValueError, match=r"^feature 'x': expected bytes in an array of Arrow, received one of ndarray$"
    ):
        ExampleEncoder(features).encode({"fine": np.arange(2), "x": np.array([b"ab", b"c"])}, 2)


def test_a_pickled_encoder_knows_the_names() -> None:
    """Its copy has addresses of its own, also once the first encoder and its memory are gone."""
    features = [FeatureSpec(f"a_long_name_{number}", "int64") for number in range(3)]
    outputs = {feature.name: np.arange(2) for feature in features}
    pickled = pickle.dumps(ExampleEncoder(features))
    others = [np.full(43, 120, np.uint8) for _ in range(1000)]
    assert pickle.loads(pickled).encode(outputs, 2).to_pylist() == serialized(features, outputs, 2)
    assert len(others) == 1000


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_that_are_not_there(row: int) -> None:
    """An order of other rows than there are is refused."""
    with pytest.raises(
        ValueError, match=r"^the order of rows: expected numbers from 0 to 2, received others; give indices"
    ):
        ExampleEncoder([FeatureSpec("x", "int64")]).encode({"x": np.arange(3)}, 3, np.array([0, row]))


def test_more_than_memory_is_a_memory_error() -> None:
    """Records that no memory holds are an error that Python raises, before any is written: 2**48 bytes."""
    features = [FeatureSpec("x", "bytes")]
    text = pa.array([bytes(1 << 26)])
    with pytest.raises(MemoryError):
        ExampleEncoder(features).encode({"x": text}, 1, np.zeros(1 << 22, np.int64))
