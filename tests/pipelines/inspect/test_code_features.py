"""Features in the code of `shardmill inspect --code`: ids are embedded, padding is no word, and what is learned of them."""

import csv
import math
import random
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.code_facts import Output, load_run
from shardmill.pipelines.inspect.code_features import input_line, padding, part_line, step_padding, steps_code
from tests.support.locations import ROOT
from tests.support.printed import execute
from tests.support.runs import run, run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")

EXAMPLES = ROOT / "examples" / "preprocessing_fn"


def feature(dtype: str = "int64", **facts: Any) -> Output:
    """A feature with some facts."""
    return Output(**({"name": "x", "dtype": dtype, "shape": (), "ids": None} | facts))


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (feature("float32", mean=0.1), 'inputs["x"],'),
        (feature("float32", shape=(2, 3)), 'keras.layers.Flatten()(inputs["x"]),'),
        (feature("float32", mean=1500, variance=4), 'keras.layers.Normalization(mean=1500, variance=4)(inputs["x"]),'),
        (feature(mean=2.5, variance=9), 'keras.layers.Normalization(mean=2.5, variance=9)(inputs["x"]),'),
        (feature(shape=(1,), mean=2, variance=9), 'keras.layers.Normalization(mean=2, variance=9)(inputs["x"]),'),
        (feature(ids=(0, 9)), 'keras.layers.Flatten()(keras.layers.Embedding(10, 5)(inputs["x"])),'),
        (feature(ids=(-1, 99)), 'keras.layers.Flatten()(keras.layers.Embedding(101, 32)(inputs["x"] + 1)),'),
        (feature(ids=(1, 4)), 'keras.layers.Flatten()(keras.layers.Embedding(4, 2)(inputs["x"] - 1)),'),
        (feature(ids=(0, 9), shape=None), 'pooled(inputs["x"] + 1, 11, 5),'),
        (feature(ids=(0, 99), shape=(64,)), 'keras.layers.Flatten()(keras.layers.Embedding(100, 32)(inputs["x"])),'),
        (feature(ids=(0, 1999), shape=(64,)), 'pooled(inputs["x"] + 1, 2001, 32),'),
        (feature(ids=(0, 1999), shape=(64,), kind="tokens"), 'pooled(inputs["x"], 2000, 32),'),
        (feature(ids=(0, 1999), shape=(64,), kind="sequence"), 'pooled(inputs["x"], 2000, 32),'),
        (feature(mean=4e18, variance=1e36, kind="row_id"), None),
        (feature("float32", shape=None), 'keras.ops.sum(inputs["x"], axis=1, keepdims=True),'),
        (feature("string"), None),
        (feature("float32", shape=None, is_index=True), None),
    ],
)
def test_each_feature_is_used_as_its_type_asks(output: Output, line: str | None) -> None:
    """Ids are embedded, large numbers and plain integers brought near 0, varying lengths pooled, text left out, and said so."""
    assert part_line(output) == line
    assert ("not used" in input_line(output)) == (line is None)


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((4,), 'keras.layers.Flatten()(keras.layers.Embedding(6, 3)(keras.ops.clip(inputs["x"], 2, 7) - 2)),'),
        ((2, 2), 'keras.layers.Flatten()(keras.layers.Embedding(6, 3)(keras.ops.clip(inputs["x"], 2, 7) - 2)),'),
        (None, 'pooled(keras.ops.clip(inputs["x"], 1, 7) - 1, 7, 3),'),
    ],
)
def test_integers_without_a_domain_are_ids_where_there_are_several(shape: tuple[int, ...] | None, line: str) -> None:
    """They are embedded by the range that the shards hold, never normalized; a comment says so and what else to do."""
    output = feature(shape=shape, minimum=2, maximum=7, mean=5, variance=3)
    assert part_line(output) == line
    assert "# integers from 2 to 7, taken for ids: the schema has no domain" in input_line(output)


@pytest.mark.parametrize("ids", [None, (-(2**63), 9)])
@pytest.mark.parametrize("shape", [(4,), None])
def test_ids_too_far_apart_are_left_out(ids: tuple[int, int] | None, shape: tuple[int, ...] | None) -> None:
    """An embedding of more rows than fit into memory isn't printed; the comment says what to do."""
    output = feature(shape=shape, ids=ids, minimum=0, maximum=1.7e9)
    assert part_line(output) is None
    assert "# integers from 0 to 1700000000, too many to embed: read, but not used. Hash" in input_line(output)
    assert part_line(feature(shape=shape, ids=ids, minimum=-(2.0**63), maximum=9)) is None
    assert "no row has a value" in input_line(feature(shape=shape))


def test_zeros_and_ones_are_numbers() -> None:
    """A multi-hot vector of integers goes in as it is, neither normalized nor embedded."""
    assert part_line(feature(shape=(9,), minimum=0, maximum=1)) == 'keras.ops.cast(inputs["x"], "float32"),'


@pytest.mark.parametrize(
    ("output", "filled"),
    [
        (feature(shape=None, ids=(0, 9)), "-1"),
        (feature(shape=None, ids=(-1, 9), minimum=0), "-2"),
        (feature(shape=None, minimum=0, maximum=5), "-1"),
        (feature(shape=None, minimum=7, maximum=9), "6"),
        (feature(shape=None, minimum=-(2.0**60), maximum=9), str(-(2**63))),
        (feature(shape=None, minimum=math.nan), "-1"),
        (feature("float32", shape=None), "0.0"),
        (feature("string", shape=None), '""'),
    ],
)
def test_padding_is_no_value(output: Output, filled: str) -> None:
    """Rows of integers are filled with one below the least that the schema or the shards know."""
    assert padding(output) == filled


FORMS = """
import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs):
    words = tf.strings.split(inputs["text"])
    ids = tft.compute_and_apply_vocabulary(words, num_oov_buckets=1, vocab_filename="words")
    sparse = ids.to_sparse()
    letters = tf.strings.unicode_decode(words, "UTF-8")
    return {
        "deep": tf.cast(letters, tf.int64),
        "numbers": tf.sparse.map_values(lambda values: tf.cast(values * values, tf.int64), sparse),
        "padded": (ids + 1).to_tensor(0, shape=[None, 20]),
        "ragged": ids,
        "sparse": sparse,
        "wide": tf.sparse.expand_dims(sparse, 1),
        "y": inputs["y"],
    }


def padded(inputs):
    outputs = preprocess(inputs)
    return {name: outputs[name] for name in ("padded", "y")}
"""
TOML = """
preprocessing_fn = "forms.py:{function}"
label = ["y"]
[input]
files = ["rows.csv"]
[split]
train = 0.8
eval = 0.2
[output]
shards = 1
"""


@pytest.fixture(scope="module")
def forms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 4,000 texts, a run of them with ids in every form, and one with padded ids only.

    In each text one of two words says what the label is, the others say nothing.
    """
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    folder = tmp_path_factory.mktemp("forms")
    draw = random.Random(0)
    with (folder / "rows.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "y"])
        for row in range(4000):
            words = draw.choices([f"w{word}" for word in range(60)], k=draw.randint(2, 12))
            words[draw.randrange(len(words))] = ("good", "bad")[row % 2]
            writer.writerow([" ".join(words), row % 2])
    (folder / "forms.py").write_text(FORMS)
    for function in ("preprocess", "padded"):
        run_toml(folder, TOML.format(function=function), name=function)
    return folder


@pytest.fixture(scope="module")
def names(forms: Path) -> dict[str, Any]:
    """What the code that is printed for ids in every form leaves, once it has run."""
    return execute(code_for(str(forms / "preprocess")), forms)


def accuracy(names: dict[str, Any]) -> float:
    """Of the rows that were held out, the part that is told rightly."""
    return float(names["model"].evaluate(names["dataset"]("eval"), verbose=0, return_dict=True)["accuracy"])


def test_padded_ids_are_learned(forms: Path) -> None:
    """Ids that were padded in the function are embedded: they tell the held-out rows."""
    assert "Normalization" not in code_for(str(forms / "padded"))
    assert accuracy(execute(code_for(str(forms / "padded")), forms)) > 0.9


def test_padding_changes_nothing(names: dict[str, Any]) -> None:
    """A row is predicted alike by itself and beside longer ones, whose lengths it is filled up to."""
    together, _ = next(iter(names["dataset"]("eval", batch_size=256)))
    row = int(np.argmin(np.sum(together["ragged$ragged_values"].numpy() >= 0, axis=1)))
    lengths = {name: _length(together[name][row].numpy(), fill) for name, fill in names["PADDING"].items()}
    alone = {
        name: values[row : row + 1, : lengths[name]] if name in lengths else values[row : row + 1]
        for name, values in together.items()
    }
    assert lengths["sparse"] < together["sparse"].shape[1]
    np.testing.assert_allclose(names["model"](alone)[0], names["model"](together)[row], rtol=1e-5, atol=1e-6)


def _length(values: np.ndarray, fill: float) -> int:
    return int(np.sum(values != fill))


def test_no_value_is_filled_with_what_a_row_holds(names: dict[str, Any]) -> None:
    """As many values as the shards hold are left when the padding is taken away, in every form."""
    records = list(tf.data.TFRecordDataset(names["shards"]("train"), "GZIP").as_numpy_iterator())
    raw = tf.io.parse_example(records, names["SPEC"])
    features, _ = names["parse"](records)
    whole = [name for name in names["PADDING"] if features[name].dtype == tf.int64]
    assert {name.partition("$")[0] for name in whole} == {"deep", "numbers", "ragged", "sparse", "wide"}
    for name in whole:
        assert _length(features[name].numpy(), names["PADDING"][name]) == len(raw[name].values), name


def test_ids_beyond_the_schemas_domain_are_embedded_too(forms: Path, tmp_path: Path) -> None:
    """TF Transform's domain for `apply_buckets` by key lacks the id of an unknown key, -1: what the shards hold widens a domain."""
    run_dir = shutil.copytree(forms / "padded", tmp_path / "run")
    assert load_run(str(run_dir)).features[0].ids == (0, 63)
    path = run_dir / "transformed_metadata" / "schema.pbtxt"
    path.write_text(re.sub("min: 0$", "min: 7", path.read_text().replace("max: 63", "max: 9"), flags=re.MULTILINE))
    assert load_run(str(run_dir)).features[0].ids == (0, 62)


def test_places_are_no_ids(forms: Path) -> None:
    """A sparse feature's indices and a ragged one's lengths are read, but no layer sees them; their values are pooled."""
    parts = code_for(str(forms / "preprocess")).partition("Concatenate()([")[2].partition("\n])")[0]
    used = [
        name
        for name in ("deep$ragged_values", "deep$row_lengths_1", "wide$sparse_values", "wide$sparse_indices_0")
        if name in parts
    ]
    assert used == ["deep$ragged_values", "wide$sparse_values"]


def test_a_rows_number_is_no_feature_and_padding_no_word(tmp_path: Path) -> None:
    """A `row_id` is read, but no layer sees it; the 0s that pad a text's ids count nothing in their mean."""
    (tmp_path / "rows.csv").write_text("key,y\n" + "".join(f"a b {row},{row % 2}\n" for row in range(20)))
    toml = """
[input]
files = "rows.csv"
[features]
id = { kind = "row_id", column = "key" }
words = { kind = "tokens", column = "key", num_buckets = 2000, max_tokens = 20 }
y = "label"
[output]
shards = 1
"""
    code = code_for(str(run_toml(tmp_path, toml)))
    assert 'name="id"),  # a row\'s number: read, but not used' in code
    assert 'inputs["id"]' not in code
    assert 'pooled(inputs["words"], 2002, 32),' in code


def test_the_example_on_film_reviews_learns(shared_data: Path, tmp_path: Path) -> None:
    """sentiment.toml on 10,000 real reviews: what is printed for it tells at least 82 of 100 held-out ones, from their words' ids."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    if not EXAMPLES.is_dir():
        pytest.skip("the tests run apart from the repository")
    for name in ("sentiment.py", "sentiment.toml"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    (tmp_path / "reviews.csv.gz").write_bytes((shared_data / "imdb" / "imdb_10k.csv.gz").read_bytes())
    run(tmp_path / "sentiment.toml", tmp_path / "run")
    assert accuracy(execute(code_for(str(tmp_path / "run")), tmp_path)) >= 0.82


def test_the_number_of_steps_is_that_of_any_list() -> None:
    """TensorFlow tells the lengths of lists of fixed shape; without such a list, one that varies tells its own."""
    varying = feature(name="words", shape=None)
    assert steps_code([varying, feature(name="page")]) == 'lengths["page"]'
    assert steps_code([varying]) == 'lists["words"].row_lengths()'


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (feature(shape=None, kind="tokens", ids=(0, 9)), "0"),
        (feature(shape=None, kind="vocabulary", ids=(0, 9)), "-1"),
        (feature("float32", shape=None, kind="sequence"), "0.0"),
        (feature("string", shape=None), '""'),
    ],
)
def test_short_steps_are_filled_with_what_no_element_is(output: Output, text: str) -> None:
    """Kinds of lists keep 0 for it; other ids, which begin with 0, have the number before."""
    assert step_padding(output) == text
