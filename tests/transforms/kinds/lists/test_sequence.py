"""Lists in a cell as ids or numbers: those of Keras's layers and NumPy, and what is ours alone."""

import tempfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from shardmill.schemas.errors import ConfigError
from shardmill.transforms.features.registry import parse_features
from tests.support.kinds import run, schema_of

S = schema_of(list="bytes")
TOKENS = ["b|a| b", None, "", "c", "a|\N{GRINNING FACE}||a|b", " | "]
LISTS = [["b", "a", "b"], [], [], ["c"], ["a", "\N{GRINNING FACE}", "a", "b"], []]
NUMBERS = ["1|2.5", None, "", " -3e2 |.5|+4.", "1||7", "1e999"]


def made(folder: Path, cells: list[str | None], serve: list[str | None] | None = None, **parameters: Any) -> Any:
    """The output of the kind."""
    served = None if serve is None else {"list": serve}
    table = {"x": {"kind": "sequence", "column": "list", "delimiter": "|", **parameters}}
    own = Path(tempfile.mkdtemp(dir=folder))
    found = run(table, S, {"list": cells}, own, served)["x"]
    return found if isinstance(found, list) else found.tolist()


@pytest.mark.parametrize("size", [None, 2, 5])
def test_ids_are_those_of_keras(size: int | None, tmp_path: Path) -> None:
    """`TextVectorization` gives them for the same tokens, separated by blanks; both pad with 0."""
    texts = [" ".join(each) for each in LISTS]
    layer = keras.layers.TextVectorization(standardize=None, output_sequence_length=size, ragged=size is None)
    layer.adapt(tf.constant(texts))
    expected = layer(tf.constant(texts))
    expected = expected.to_list() if size is None else expected.numpy().tolist()
    assert made(tmp_path, TOKENS, **({} if size is None else {"max_length": size})) == expected


def test_a_list_that_is_cut_but_not_padded(tmp_path: Path) -> None:
    """With `ragged`, `max_length` is only the most."""
    assert made(tmp_path, TOKENS, max_length=2, ragged=True, top_k=1) == [[2, 1], [], [], [1], [1, 1], []]


def test_unknown_elements(tmp_path: Path) -> None:
    """Those that the analysis didn't see have the id 1, or OOV buckets' ids, or hash buckets'."""
    assert made(tmp_path, ["a"], ["a|z"]) == [[2, 1]]
    assert made(tmp_path, ["a"], ["a|z"], num_oov_buckets=1) == [[2, 3]]
    hashed = tf.strings.to_hash_bucket_fast(["a", "z"], 9).numpy() + 2
    assert made(tmp_path, ["a"], ["a| z"], num_buckets=9) == [hashed.tolist()]


@pytest.mark.parametrize(("missing", "expected"), [(None, []), ("c|b", [5, 2]), ("own_id", [6])])
def test_a_missing_cell(missing: str | None, expected: list[int], tmp_path: Path) -> None:
    """It is an empty list, the list that `missing` gives, or an id of its own; the analysis counts present cells only."""
    parameters = {} if missing is None else {"missing": missing}
    assert made(tmp_path, TOKENS, **parameters)[1] == expected


def test_numbers(tmp_path: Path) -> None:
    """As NumPy rounds them to float32, those too large to infinity."""
    expected = [[1, 2.5], [], [], [-300, 0.5, 4], [1, 7], [np.inf]]
    assert made(tmp_path, NUMBERS, elements="float32") == expected
    cells = ["0.1|16777217", "3.4028235e38|1e-40"]
    expected = [[float(np.float32(each)) for each in cell.split("|")] for cell in cells]
    assert made(tmp_path, cells, elements="float32") == expected


def test_padded_numbers(tmp_path: Path) -> None:
    """With 0, or with what `padding` says."""
    cells = [cell for cell in NUMBERS if cell != "1e999"]
    expected = [[1, 2.5], [-1, -1], [-1, -1], [-300, 0.5], [1, 7]]
    assert made(tmp_path, cells, elements="float32", max_length=2, padding=-1) == expected
    assert made(tmp_path, ["1", "1|2|3"], elements="int64", max_length=2) == [[1, 0], [1, 2]]


def test_integers(tmp_path: Path) -> None:
    """All that int64 holds, exactly, but the least."""
    limits = [2**63 - 1, -(2**63) + 1, 9007199254740993, 0]
    cells: list[str | None] = ["|".join(map(str, limits)), "+007", None]
    assert made(tmp_path, cells, elements="int64") == [limits, [7], []]


def test_a_served_graph_takes_elements_that_are_no_numbers(tmp_path: Path) -> None:
    """It can't reject the row: they are NaN, or 0 in int64."""
    (found,) = made(tmp_path, ["1"], ["x|1|0x1|nan|1_0"], elements="float32")
    assert np.array_equal(found, [np.nan, 1, np.nan, np.nan, np.nan], equal_nan=True)
    assert made(tmp_path, ["1"], [f"2|1.5|{2**63}|{-(2**63)}"], elements="int64") == [[2, 0, 0, 0]]


def test_a_column_of_integers_has_lists_of_one(tmp_path: Path) -> None:
    """As tokens or numbers."""
    table = {
        "x": {"kind": "sequence", "column": "i", "delimiter": ","},
        "y": {"kind": "sequence", "column": "i", "delimiter": ",", "elements": "int64"},
    }
    found = run(table, schema_of(i="int"), {"i": [5, None, 7, 7]}, tmp_path)
    assert found["x"] == [[3], [], [2], [2]]
    assert found["y"] == [[5], [], [7], [7]]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"delimiter": ""}, "expected a `delimiter` that isn't empty, received ''"),
        (
            {"missing": "own_id", "elements": "int64"},
            'expected `missing = "own_id"` of tokens only, which have ids, received it with numbers',
        ),
        ({"max_length": 0}, "expected `max_length` to be at least 1, received 0"),
        ({"ragged": True}, "expected `ragged` with `max_length`, received none; without it, all rows vary: remove it"),
        ({"elements": "float"}, """expected `elements` to be "token", "float32" or "int64", received 'float'"""),
        ({"padding": 1}, "expected `padding` of numbers only, received 1; tokens' is 0"),
        (
            {"padding": 1, "elements": "int64"},
            "expected `padding` with `max_length` and without `ragged`, received 1; remove it",
        ),
        (
            {"padding": 0.5, "elements": "int64", "max_length": 2},
            "expected `padding` to be an integer, as elements are, received 0.5",
        ),
        (
            {"elements": "int64", "top_k": 3},
            'expected `elements = "int64"` or `top_k` (of tokens), received both; remove one of them',
        ),
        (
            {"elements": "int64", "num_buckets": 3},
            'expected `elements = "int64"` or `num_buckets` (of tokens), received both; remove one of them',
        ),
    ],
)
def test_parameters_that_do_not_fit(parameters: dict[str, Any], message: str) -> None:
    """The message names the parameter."""
    with pytest.raises(ConfigError) as caught:
        parse_features({"x": {"kind": "sequence", "column": "list", "delimiter": ",", **parameters}}, S)
    assert str(caught.value) == f"[features] x: {message}"


def test_the_delimiter_is_needed() -> None:
    """None is a good guess."""
    with pytest.raises(ConfigError, match=r"x: `sequence` needs `delimiter`: a string"):
        parse_features({"x": {"kind": "sequence", "column": "list"}}, S)
