"""How outputs of ours are held against TF Transform's: bit for bit, unless the table of operations says otherwise."""

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.transforms.statistics.requests import NumericRequest
from tests.parity.oracle import Ours, Theirs
from tests.parity.oracle_cases import WIDE, Case

# What float32 can tell apart: half a unit in the last place.
EPS = 2.0**-24
F32 = np.finfo(np.float32)


def finite(column: pa.Array) -> pa.Array:
    """A column without its infinite and its NaN values."""
    if not pa.types.is_floating(column.type):
        return column
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))


def check_output(name: str, case: Case, columns: Mapping[str, pa.Array], ours: Ours, theirs: Theirs) -> None:
    """Compares one operation's values row by row, its vocabulary, and its feature in the schema."""
    if case.vocabulary:
        assert ours.vocabularies[name] == theirs.vocabularies[name], name
    inputs = [columns[each] for each in case.feature.get("columns", [case.feature.get("column")])]
    found, expected = ours.outputs[name], theirs.outputs[name]
    rows = expected.is_valid().to_numpy(zero_copy_only=False) & ~_nan(inputs[0])
    if name == "label":
        assert list(np.asarray(found)[rows]) == expected.filter(rows).to_pylist(), name
        return
    if case.match == "z_score":
        check_z_score(name, inputs[0], found, expected, ours)
        return
    wanted = _numpy(expected)
    if wanted.ndim == found.ndim == 2:
        assert not wanted[:, found.shape[1] :].any(), name
        wanted = wanted[:, : found.shape[1]]
    if case.match == "ulps":
        numbers = np.abs(_numpy(inputs[0]))
        rows &= (numbers == 0) | (numbers >= F32.tiny)
    check = {"bits": _same_bits, "ulps": _same_but_ulps, "min_max": _same_range}[case.match]
    check(name, found[rows], wanted[rows], inputs[0])


def check_schema(name: str, case: Case, ours: schema_pb2.Schema, theirs: schema_pb2.Schema) -> None:
    """Compares a feature's message; a sparse tensor's has neither a shape nor a presence, ours are all dense."""
    found, expected = (next(each for each in schema.feature if each.name == name) for schema in (ours, theirs))
    wanted = schema_pb2.Feature.FromString(expected.SerializeToString())
    wanted.shape.SetInParent()
    wanted.presence.min_fraction = 1
    if case.no_domain:
        assert not expected.HasField("int_domain"), name
        wanted.int_domain.CopyFrom(found.int_domain)
    if [dim.size for dim in wanted.shape.dim] == [WIDE]:
        wanted.shape.dim[0].size = found.shape.dim[0].size
    assert found == wanted, name


def _nan(column: pa.Array) -> np.ndarray:
    if not pa.types.is_floating(column.type):
        return np.zeros(len(column), bool)
    return pc.fill_null(pc.is_nan(column), False).to_numpy(zero_copy_only=False)


def _numpy(cells: pa.Array) -> np.ndarray:
    if pa.types.is_list(cells.type) or pa.types.is_large_list(cells.type):
        return np.array(cells.to_pylist(), cells.type.value_type.to_pandas_dtype())
    return pc.fill_null(cells, 0).to_numpy(zero_copy_only=False)


def _same_bits(name: str, found: np.ndarray, wanted: np.ndarray, column: pa.Array) -> None:
    assert found.dtype == wanted.dtype, name
    words = np.dtype(f"i{found.itemsize}")
    same = (found.view(words) == wanted.view(words)) | ((found != found) & (wanted != wanted))  # noqa: PLR0124 (NaN)
    assert same.all(), (name, found[~same], wanted[~same], column)


def _same_but_ulps(name: str, found: np.ndarray, wanted: np.ndarray, column: pa.Array) -> None:
    with np.errstate(invalid="ignore"):
        close = np.abs(found - wanted) <= 2 * np.spacing(np.abs(wanted))
    same = close | (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    assert same.all(), (name, found[~same], wanted[~same], column)


def _same_range(name: str, found: np.ndarray, wanted: np.ndarray, column: pa.Array) -> None:
    numbers = finite(column).drop_null().to_numpy().astype(np.float32)
    with np.errstate(over="ignore"):
        span = numbers.max() - numbers.min()
    if span >= F32.tiny:
        _same_bits(name, found, wanted, column)
    elif span == 0:
        # A sigmoid, stretched: its last bits are the output's before the last.
        np.testing.assert_allclose(found, wanted, rtol=0, atol=4 * EPS * np.abs([*wanted, 1]).max(), err_msg=name)


def check_z_score(name: str, column: pa.Array, found: np.ndarray, expected: pa.Array, ours: Ours) -> None:
    """Ours is TF Transform's formula on exact moments, to the bit; theirs is as near as its float32 sums can be."""
    exact = [Fraction(value) for value in finite(column).drop_null().to_pylist()]
    mean = sum(exact) / len(exact)
    variance = sum((value - mean) ** 2 for value in exact) / len(exact)
    stats = ours.statistics.numeric[NumericRequest(column=name.partition("_")[0])]
    assert (stats.mean, stats.variance) == (float(mean), float(variance)), name
    rows = expected.is_valid().to_numpy(zero_copy_only=False) & ~_nan(column)
    values = _numpy(column)[rows].astype(np.float32)
    wanted = values - np.float32(stats.mean)
    deviation = _deviation(stats.variance)
    _same_bits(name, found[rows], wanted / deviation if deviation else wanted, [column])
    largest = max(abs(value) for value in exact)
    blurred = (len(exact) + 3) * EPS * float(largest) / math.sqrt(stats.variance) if stats.variance else math.inf
    if blurred < 0.01 and stats.variance > 1e-30 and sum(value**2 for value in exact) < F32.max:
        near = 2 * (blurred + np.abs(found[rows]) * (blurred**2 + (len(exact) + 8) * EPS))
        theirs = _numpy(expected)[rows]
        assert ((np.abs(theirs - found[rows]) <= near) | (theirs == found[rows])).all(), (name, theirs, found[rows])


def _deviation(variance: float) -> np.float32:
    with np.errstate(over="ignore", under="ignore"):
        rounded = np.float32(variance)
    return np.sqrt(rounded) if F32.tiny <= rounded <= F32.max else np.float32(math.sqrt(variance))
