"""Where TF Transform does otherwise: a test for each row of docs/tf-transform.md, which shows what both do."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shardmill.schemas.errors import DataError
from tests.parity.oracle import Ours, Theirs, run_ours, run_tf_transform
from tests.parity.oracle_cases import tf, tft
from tests.support.locations import ROOT

DOCS = ROOT / "docs" / "tf-transform.md"
ROWS = 7
FLOAT = pa.float32()
DUMMY = b"49d0cd50-04bb-48c0-bc6f-5b575dce351a\n"


@dataclass(frozen=True)
class Difference:
    """One column through both.

    Attributes:
        values: The column's cells.
        feature: What `[features]` says.
        theirs: TF Transform's function of the column's tensor.
        expected: What TF Transform makes of it; None where its tensor has no value.
        ours: What we do.
        type: The column's Arrow type.
    """

    values: Sequence[Any]
    feature: Mapping[str, Any]
    theirs: Callable[[Any], Any]
    expected: Sequence[Any]
    ours: Sequence[Any]
    type: pa.DataType = FLOAT


NAN, INF = math.nan, math.inf
SIGMOID = [1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-3))]
WAVE = np.array([1, 3, 1, 3, 1, 3, 2])
F32_MAX = float(np.finfo(np.float32).max)
SPREAD = (WAVE - 2) / math.sqrt(6 / 7)

DIFFERENCES = {
    "missing": Difference(
        [1, 2, None, 4, 5, 6, 7],
        {"kind": "numeric", "missing": -1},
        lambda x: x,
        [1, 2, None, 4, 5, 6, 7],
        [1, 2, -1, 4, 5, 6, 7],
    ),
    "nan-z-score": Difference(
        [1, 3, NAN, 1, 3, 1, 3],
        {"kind": "z_score"},
        tft.scale_to_z_score,
        [-1, 1, NAN, -1, 1, -1, 1],
        [-1, 1, 0, -1, 1, -1, 1],
    ),
    "nan-min-max": Difference(
        [1, 3, NAN, 1, 3, 1, 3],
        {"kind": "min_max"},
        tft.scale_by_min_max,
        [*SIGMOID, NAN, *SIGMOID, *SIGMOID],
        [0, 1, 0.5, 0, 1, 0, 1],
    ),
    "infinite-min-max": Difference(
        [1, 3, INF, 1, 2, 1, 3],
        {"kind": "min_max"},
        tft.scale_by_min_max,
        [0, 0, NAN, 0, 0, 0, 0],
        [0, 1, INF, 0, 0.5, 0, 1],
    ),
    "infinite-bucketize": Difference(
        [1, 2, 3, 4, INF, INF, INF],
        {"kind": "bucketize", "num_buckets": 2},
        lambda x: tft.bucketize(x, 2),
        [0, 0, 0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1, 1, 1],
    ),
    "constant": Difference([0.1] * 7, {"kind": "z_score"}, tft.scale_to_z_score, [-1] * 7, [0] * 7),
    "large-variance": Difference(
        WAVE * 1e20, {"kind": "z_score"}, tft.scale_to_z_score, (WAVE - 2) * 1e20 / math.sqrt(F32_MAX), SPREAD
    ),
    "small-variance": Difference(WAVE * 1e-30, {"kind": "z_score"}, tft.scale_to_z_score, (WAVE - 2) * 1e-30, SPREAD),
    "subnormal-range": Difference(
        [1.2e-38, 1.3e-38, 1.3e-38, 1.3e-38, 1.3e-38, 1.3e-38, 1.2e-38],
        {"kind": "min_max"},
        tft.scale_by_min_max,
        [NAN] * 7,
        [0.5] * 7,
    ),
    "smallest-integer": Difference(
        [-(2**63), 1, 2, 3, 4, 5, 6],
        {"kind": "numeric", "missing": 0},
        lambda x: x,
        [-(2**63), 1, 2, 3, 4, 5, 6],
        [0, 1, 2, 3, 4, 5, 6],
        pa.int64(),
    ),
    "one-hot-empty": Difference(
        ["a", "", "a", "a", "a", "a", "a"],
        {"kind": "one_hot", "num_oov_buckets": 1},
        lambda x: tf.one_hot(tft.compute_and_apply_vocabulary(x, num_oov_buckets=1), 2),
        [[1, 0], [0, 1], *[[1, 0]] * 5],
        [[1, 0], [0, 0], *[[1, 0]] * 5],
        pa.string(),
    ),
}


@dataclass(frozen=True)
class Both:
    """Every difference's column through both."""

    ours: Ours
    theirs: Theirs


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """One run of each: for TF Transform a start takes seconds."""
    columns = {_column(name): pa.array(each.values, each.type) for name, each in DIFFERENCES.items()}
    features = {_column(name): {**each.feature} for name, each in DIFFERENCES.items()}
    columns |= {"left": pa.array(["a", "", "a", "a", "b", "b", "b"]), "right": pa.array(["c"] * ROWS)}
    features |= {"cross": {"kind": "cross", "columns": ["left", "right"]}}
    features |= {"hash": {"kind": "hash", "column": "left", "num_buckets": 5}}
    nothing = {"no_text": pa.nulls(ROWS, pa.string()), "no_number": pa.nulls(ROWS, pa.float32())}
    ours = run_ours(columns, features, tmp_path_factory.mktemp("differences"))
    return Both(ours, run_tf_transform(columns | nothing, _theirs, ["cross", "empty"]))


def _column(name: str) -> str:
    return name.replace("-", "_")


def _theirs(tensors: Mapping[str, Any]) -> dict[str, Any]:
    outputs = {_column(name): each.theirs(tensors[_column(name)]) for name, each in DIFFERENCES.items()}
    crossed = tf.strings.join([tensors["left"], tensors["right"]], separator="_X_")
    return outputs | {
        "cross": tft.compute_and_apply_vocabulary(crossed, vocab_filename="cross"),
        "hash": tft.hash_strings(tensors["left"], 5),
        "empty": tft.compute_and_apply_vocabulary(tensors["no_text"], vocab_filename="empty"),
        "no_value": tft.scale_to_z_score(tensors["no_number"]),
    }


@pytest.mark.parametrize("name", DIFFERENCES)
def test_outputs(name: str, both: Both) -> None:
    """A row's column becomes one thing there and another here."""
    difference = DIFFERENCES[name]
    theirs = both.theirs.outputs[_column(name)].to_pylist()
    assert [value is None for value in theirs] == [value is None for value in difference.expected]
    _close([value for value in theirs if value is not None], [v for v in difference.expected if v is not None])
    _close(both.ours.outputs[_column(name)], difference.ours)


def _close(found: Any, expected: Any) -> None:
    wanted = np.asarray(expected, np.float64)
    tolerance = 1e-6 * np.abs(wanted[np.isfinite(wanted)]).max(initial=0)
    np.testing.assert_allclose(np.asarray(found, np.float64), wanted, rtol=1e-6, atol=tolerance)


def _feature(schema: Any, name: str) -> Any:
    return next(each for each in schema.feature if each.name == name)


def test_missing_in_the_schema(both: Both) -> None:
    """missing: TF Transform's schema has neither shape nor presence, as of a list of any length; ours is a scalar, always there."""
    theirs, ours = (_feature(each.schema, "missing") for each in (both.theirs, both.ours))
    assert not theirs.HasField("shape")
    assert not theirs.HasField("presence")
    assert ours.HasField("shape")
    assert ours.presence.min_fraction == 1


def test_hash_domain(both: Both) -> None:
    """hash-domain: TF Transform's schema doesn't say in what range a hash is; ours does."""
    assert not _feature(both.theirs.schema, "hash").HasField("int_domain")
    domain = _feature(both.ours.schema, "hash").int_domain
    assert (domain.min, domain.max, domain.is_categorical) == (0, 4, True)


def test_cross_missing(both: Both) -> None:
    """cross-missing: joined texts are a token though one was empty; here they are none."""
    assert both.theirs.vocabularies["cross"] == b"b_X_c\na_X_c\n_X_c\n"
    assert both.ours.vocabularies["cross"] == b"b_X_c\na_X_c\n"
    assert both.ours.outputs["cross"].tolist() == [1, -1, 1, 1, 0, 0, 0]


def test_empty_vocabulary(both: Both, tmp_path: Path) -> None:
    """empty-vocabulary: TF Transform makes up a token; here the run stops and says which column has none."""
    assert both.theirs.vocabularies["empty"] == DUMMY
    with pytest.raises(DataError, match="the vocabulary of column 'x' is empty"):
        run_ours({"x": pa.nulls(ROWS, pa.string())}, {"x": "vocabulary"}, tmp_path)


def test_no_value(both: Both, tmp_path: Path) -> None:
    """no-value: TF Transform scales nothing, and in serving would leave numbers as they are; here the run stops."""
    assert both.theirs.outputs["no_value"].to_pylist() == [None] * ROWS
    with pytest.raises(DataError, match="'x' has no finite value"):
        run_ours({"x": pa.nulls(ROWS, pa.float32())}, {"x": "z_score"}, tmp_path)


def test_one_bucket(tmp_path: Path) -> None:
    """one-bucket: TF Transform's pipeline fails where one bucket is asked for; here all are in it."""
    column = {"x": pa.array([1, 2, 3], pa.float32())}
    with pytest.raises(RuntimeError, match="Number of requested quantiles must be >= 2"):
        run_tf_transform(column, lambda tensors: {"x": tft.bucketize(tensors["x"], 1)})
    ours = run_ours(column, {"x": {"kind": "bucketize", "num_buckets": 1}}, tmp_path)
    assert ours.outputs["x"].tolist() == [0, 0, 0]


def test_sketch(tmp_path: Path) -> None:
    """sketch: TF Transform's ten buckets of 60,000 distinct values are off by up to its epsilon; ours hold 6,000 each."""
    values = np.random.default_rng(0).permutation(60_000)
    column = {"x": pa.array(values, pa.float32())}
    theirs = run_tf_transform(column, lambda tensors: {"x": tft.bucketize(tensors["x"], 10)})
    counts = np.bincount(theirs.outputs["x"].to_numpy())
    assert 0 < np.abs(np.cumsum(counts) - np.arange(6_000, 60_001, 6_000)).max() <= 0.01 * 60_000
    ours = run_ours(column, {"x": {"kind": "bucketize", "num_buckets": 10}}, tmp_path)
    assert np.bincount(ours.outputs["x"]).tolist() == [6_000] * 10


FUNCTIONS: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
    "log": ({"kind": "log"}, tf.math.log),
    "log1p": ({"kind": "log1p"}, tf.math.log1p),
    "power": ({"kind": "power", "exponent": 1.5}, lambda x: tf.math.pow(x, 1.5)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_last_bits(name: str, tmp_path: Path) -> None:
    """last-bits: the last elements of a tensor take another way through TensorFlow; here a value's bits don't depend on its place."""
    feature, function = FUNCTIONS[name]
    values = np.random.default_rng(0).uniform(0.1, 20, 301).astype(np.float32)
    theirs = function(tf.constant(values)).numpy()
    rolls = [np.roll(function(tf.constant(np.roll(values, -shift))).numpy(), shift) for shift in range(1, 300)]
    assert any(roll.tobytes() != theirs.tobytes() for roll in rolls)
    np.testing.assert_array_max_ulp(np.array(rolls), np.broadcast_to(theirs, (299, 301)), 2)
    forth = run_ours({"x": pa.array(values)}, {"x": feature}, _folder(tmp_path, "forth")).outputs["x"]
    for shift in (1, 7, 100):
        rolled = {"x": pa.array(np.roll(values, -shift))}
        found = run_ours(rolled, {"x": feature}, _folder(tmp_path, str(shift))).outputs["x"]
        assert np.roll(found, shift).tobytes() == forth.tobytes()


def _folder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder


def test_subnormal(tmp_path: Path) -> None:
    """subnormal: TensorFlow's logarithm takes the same subnormal number for 0 or not, by its place; here it is 0."""
    values = np.full(17, 2.26e-39, np.float32)
    theirs = tf.function(tf.math.log)(tf.constant(values)).numpy()
    assert np.isinf(theirs).any()
    assert np.isfinite(theirs).any()
    assert np.isneginf(run_ours({"x": pa.array(values)}, {"x": "log"}, tmp_path).outputs["x"]).all()


def test_each_row_of_the_table_has_its_test() -> None:
    """The rows of the table in the documentation are those that are tested here."""
    if not DOCS.exists():
        pytest.skip("the tests run apart from the repository")
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r'"""([a-z0-9-]+): ', Path(__file__).read_text(encoding="utf-8"))
    assert sorted(rows) == sorted({*DIFFERENCES, *named})
