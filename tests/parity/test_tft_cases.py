"""TF Transform as the oracle, operation by operation: columns that hypothesis makes, and hand-picked nasty ones, through both."""

import csv
import json
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shardmill.transforms.statistics import tokens
from shardmill.transforms.statistics.requests import NumericRequest
from tests.parity.oracle import Ours, Theirs, read_schema, run_ours, run_tf_transform
from tests.parity.oracle_cases import Case, Numbers, Tokens, number_cases, text_cases, tf, tft, token_cases
from tests.parity.oracle_checks import check_output, check_schema, finite
from tests.support.runs import read_split, run_toml
from tests.transforms.statistics.token_tables import count_tokens

FLOATS = [
    math.nan,
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    1e-45,
    -1e-40,
    1.2e-38,
    3.4e38,
    -3.4e38,
    1e20,
    2.0**24,
    0.1,
    1 / 3,
    1,
    -1,
]
INTEGERS = [2**63 - 1, -(2**63) + 1, 2**60 + 2**36 + 1, 2**53 + 1, -(2**53) - 1, 2**31, 2**24 + 1, 10, 9, 1, 0, -1]
TEXTS = [
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "é",
    "e\u0301",
    "日本",
    "🙂",
    "\U0010ffff",
    "\ufeff",
    "\u2028",
    "\x01",
    "\x7f",
    "\t",
]
TEXTS += [
    "a\nb",
    "a\r",
    "\r\n",
    "\v\f",
    '"',
    '""',
    "'",
    ",",
    "a,b",
    "b,,a,b",
    "0",
    "00",
    "-1",
    "nan",
    "_X_",
    "a_X_b",
    "x" * 9000,
]
pytestmark = pytest.mark.usefixtures("shared_tracer")


class Example:
    """Columns, and the operations on them. No dataclass: hypothesis would show the functions of a failing one, not the cells."""

    def __init__(self, columns: Mapping[str, pa.Array], cases: Mapping[str, Case]) -> None:
        self.columns = columns
        self.cases = cases

    def __repr__(self) -> str:
        """Cells by column, and features."""
        return f"{ {name: column.to_pylist() for name, column in self.columns.items()} }, {_features(self.cases)}"


@st.composite
def examples(draw: st.DrawFn) -> Example:
    """Some columns of each type, and each operation on each, with parameters of their own."""
    rows = draw(st.integers(1, 30))
    columns = {f"f{index}": pa.array(draw(_floats(rows)), pa.float32()) for index in range(3)}
    columns |= {f"i{index}": pa.array(draw(_integers(rows)), pa.int64()) for index in range(2)}
    columns |= {f"t{index}": pa.array(draw(_texts(rows)), pa.string()) for index in range(2)}
    cases: dict[str, Case] = {}
    for name, column in columns.items():
        if name[0] != "t":
            cases |= number_cases(name, draw(_number_parameters(integers=name[0] == "i")))
        if name in ("i0", "t0", "t1"):
            key = draw(st.tuples(*[st.integers(0, 2**63 - 1)] * 2))
            cases |= token_cases(name, draw(_token_parameters(column)), draw(st.integers(1, 1000)), key)
    return Example(columns, cases)


def _column(rows: int, last: st.SearchStrategy[Any], *flavours: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """A column of one flavour, one value, or all; with missing values; whose last cell is such that there is something to learn."""
    flavour = st.sampled_from([*flavours, st.one_of(*flavours)])
    cells = st.one_of(
        flavour.flatmap(lambda values: st.lists(st.none() | values, min_size=rows - 1, max_size=rows - 1)),
        st.one_of(*flavours).map(lambda value: [value] * (rows - 1)),
    )
    return st.tuples(cells, last).map(lambda drawn: [*drawn[0], drawn[1]])


def _floats(rows: int) -> st.SearchStrategy[list[Any]]:
    small = st.integers(-3, 3).map(float)
    return _column(rows, small, small, st.floats(width=32), st.floats(-1e3, 1e3, width=32), st.sampled_from(FLOATS))


def _integers(rows: int) -> st.SearchStrategy[list[Any]]:
    small = st.integers(-12, 12)
    return _column(rows, small, small, st.integers(-(2**63) + 1, 2**63 - 1), st.sampled_from(INTEGERS))


def _texts(rows: int) -> st.SearchStrategy[list[Any]]:
    odd = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
    return _column(rows, st.sampled_from("abc"), st.sampled_from("aabbcd"), odd, st.sampled_from(TEXTS))


def _number_parameters(*, integers: bool) -> st.SearchStrategy[Numbers]:
    whole = st.lists(st.integers(-(2**63) + 1, 2**63 - 1) | st.integers(-5, 5), min_size=1, max_size=6, unique=True)
    real = st.lists(
        st.floats(-(2.0**100), 2.0**100, width=32) | st.sampled_from([-1.5, 0.0, 2.0]),
        min_size=1,
        max_size=6,
        unique=True,
    )
    ranges = st.sampled_from([(0, 1), (-1, 1), (-2.0, 3.3), (0, 255)])
    return st.builds(
        lambda num_buckets, boundaries, span: Numbers(num_buckets, sorted(boundaries), *span),
        st.integers(2, 12),
        whole | real if integers else real,
        ranges,
    )


def _token_parameters(column: pa.Array) -> st.SearchStrategy[Tokens]:
    # A threshold that no token reaches leaves none: that is in the table of differences.
    most = tokens.select(count_tokens(column))["count"][0].as_py()
    return st.builds(
        Tokens,
        top_k=st.none() | st.integers(1, 5),
        frequency_threshold=st.none() | st.integers(0, min(most, 3)),
        num_oov_buckets=st.sampled_from([0, 0, 1, 4]),
        default_value=st.sampled_from([-1, 0, -7, 100]),
        reserved_tokens=st.sampled_from([(), ("b", "zz")]) if pa.types.is_string(column.type) else st.just(()),
    )


# An example takes seconds, so a failing one is shown as it is rather than made smaller.
@settings(
    max_examples=6,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(example=examples())
def test_made_columns(example: Example) -> None:
    """Outputs, vocabularies, moments and schema are TF Transform's, of whatever hypothesis thinks of."""
    with tempfile.TemporaryDirectory() as folder:
        ours = run_ours(example.columns, _features(example.cases), Path(folder))
    _check(example, ours, _theirs(example))


def _features(cases: Mapping[str, Case]) -> dict[str, Any]:
    return {name: dict(case.feature) for name, case in cases.items()}


def _theirs(
    example: Example, more: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda _: {}, names: Sequence[str] = ()
) -> Theirs:
    """TF Transform's outputs of all cases, and of a function of the test's own with vocabularies of these names."""
    numbers = {f"{name}_finite": finite(column) for name, column in example.columns.items()}
    return run_tf_transform(
        {**example.columns, **numbers},
        lambda tensors: {name: case.theirs(tensors) for name, case in example.cases.items()} | more(tensors),
        [*(name for name, case in example.cases.items() if case.vocabulary), *names],
    )


def _check(example: Example, ours: Ours, theirs: Theirs) -> None:
    for name, case in example.cases.items():
        check_output(name, case, example.columns, ours, theirs)
        check_schema(name, case, ours.schema, theirs.schema)


@dataclass(frozen=True)
class Nasty:
    """The hand-picked columns through both, ours from CSV on."""

    example: Example
    ours: Ours
    theirs: Theirs


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Nasty:
    """A table of the hand-picked values, each beside each that stands as far from the end of its column."""
    folder = tmp_path_factory.mktemp("nasty")
    rows = 2 * len(TEXTS)
    columns = {
        "f0": pa.array([*_cycle(FLOATS, rows - 2), None, 1.0], pa.float32()),
        "f1": pa.array(np.random.default_rng(0).normal(3, 7, rows).astype(np.float32)),
        "i0": pa.array([*_cycle(INTEGERS, rows - 2), None, 1], pa.int64()),
        "t0": pa.array([*_cycle(TEXTS, rows - 3), None, "a", "a"], pa.string()),
        "t1": pa.array([*_cycle(TEXTS[::-1] + TEXTS[:9], rows - 2), "b,c", "c"], pa.string()),
    }
    columns["f2"] = pa.array([*_cycle([-0.0, 0.0, -0.0, 2.0], rows - 1), 3.0], pa.float32())
    file = folder / "given.txt"
    file.write_bytes("\n".join(["日本", "a ", " a", "0", "\x01", "x" * 9000]).encode())
    cases = number_cases("f0", Numbers()) | number_cases("i0", Numbers(boundaries=[-(2**53), 2**24, 2**24 + 1]))
    cases["f1_z_score"] = number_cases("f1", Numbers())["f1_z_score"]
    cases["f2_min_max"] = number_cases("f2", Numbers(low=0, high=255))["f2_min_max"]
    cases |= token_cases("t0", Tokens(), 97, (1, 2)) | token_cases("i0", Tokens(num_oov_buckets=2, top_k=3), 9, (3, 4))
    cases |= text_cases("t0", "t1", Tokens(num_oov_buckets=3, top_k=20), file)
    example = Example(columns, cases)
    ours = _from_csv(example, folder)
    return Nasty(example, ours, _theirs(example, _statistics, ["counts"]))


def _cycle(values: Sequence[Any], rows: int) -> list[Any]:
    return [values[row % len(values)] for row in range(rows)]


def _from_csv(example: Example, folder: Path) -> Ours:
    """The main job's outputs, vocabularies and schema; with the statistics of an analysis, which a run keeps to itself."""
    with (folder / "nasty.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, quoting=csv.QUOTE_ALL)
        rows.writerow(example.columns)
        rows.writerows(zip(*(map(_cell, column.to_pylist()) for column in example.columns.values()), strict=True))
    features = _features(example.cases)
    lines = ['[input]\nfiles = ["nasty.csv"]\n[output]\nshuffle = false\n[features]']
    for name, feature in features.items():
        pairs = (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in feature.items())
        lines.append(f"{name} = {{ {', '.join(pairs)} }}")
    run_dir = run_toml(folder, "\n".join(lines))
    assets = {path.name: path.read_bytes() for path in (run_dir / "transform_fn" / "assets").glob("*")}
    (folder / "again").mkdir()
    again = run_ours(example.columns, features, folder / "again")
    return Ours(read_split(run_dir), assets, read_schema(run_dir), again.statistics)


def _cell(value: Any) -> str:
    return "" if value is None else str(np.float32(value)) if isinstance(value, float) else str(value)


def _statistics(tensors: Mapping[str, Any]) -> dict[str, Any]:
    rows = tf.shape(tensors["f1"])[:1]
    tft.vocabulary(tensors["t0"], store_frequency=True, vocab_filename="counts")
    outputs = {"counts": tf.fill(rows, tft.experimental.get_vocabulary_size_by_name("counts"))}
    for name in ("f0_finite", "f1", "i0"):
        outputs |= {f"{name}_{each.__name__}": tf.fill(rows, each(tensors[name])) for each in (tft.min, tft.max)}
    return outputs | {f"f1_{each.__name__}": tf.fill(rows, each(tensors["f1"])) for each in (tft.mean, tft.var)}


def test_nasty_columns(nasty: Nasty) -> None:
    """Outputs, vocabularies and schema of a run are TF Transform's on hand-picked values, by way of CSV."""
    _check(nasty.example, nasty.ours, nasty.theirs)


def test_counts_of_a_vocabulary(nasty: Nasty) -> None:
    """The counts behind a vocabulary are those that TF Transform stores with it, ties and all."""
    table = tokens.select(count_tokens(nasty.example.columns["t0"]))
    lines = [b"%d %s\n" % (row["count"], row["token"]) for row in table.to_pylist()]
    assert b"".join(lines) == nasty.theirs.vocabularies["counts"]


@pytest.mark.parametrize("column", ["f0", "f1", "i0"])
def test_statistics_of_numbers(column: str, nasty: Nasty) -> None:
    """Minimum and maximum are TF Transform's, an int64's to the last digit; mean and variance as near as float32 sums come."""
    stats = nasty.ours.statistics.numeric[NumericRequest(column)]
    key = f"{column}_finite" if column == "f0" else column
    found = {name: nasty.theirs.outputs[f"{key}_{name}"][0].as_py() for name in ("min", "max")}
    assert (stats.minimum, stats.maximum) == (found["min"], found["max"])
    if column == "f1":
        np.testing.assert_allclose(stats.mean, nasty.theirs.outputs["f1_mean"][0].as_py(), rtol=1e-5)
        np.testing.assert_allclose(stats.variance, nasty.theirs.outputs["f1_var"][0].as_py(), rtol=1e-5)
