"""Labels in the code of `shardmill inspect --code`: each gets the layer, loss and metrics that fit it, alone or among others."""

import csv
import random
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.pipelines.inspect.code import code_for
from shardmill.pipelines.inspect.code_facts import Output
from shardmill.pipelines.inspect.code_lines import Head, head
from tests.support.printed import execute
from tests.support.runs import run_toml

pytestmark = pytest.mark.usefixtures("shared_tracer")


def label(dtype: str = "int64", **facts: Any) -> Output:
    """A label with some facts."""
    return Output(**({"name": "y", "dtype": dtype, "shape": (), "ids": None} | facts))


SPARSE = '"sparse_categorical_crossentropy"'


@pytest.mark.parametrize(
    ("output", "loss", "last_layer"),
    [
        (label(minimum=0, maximum=1), '"binary_crossentropy"', 'Dense(1, activation="sigmoid")'),
        (label(ids=(0, 1), minimum=0, maximum=1), '"binary_crossentropy"', 'Dense(1, activation="sigmoid")'),
        (label(shape=(1,), minimum=0, maximum=1), '"binary_crossentropy"', 'Dense(1, activation="sigmoid")'),
        (label("float32", minimum=0, maximum=1, mean=0.3, zeros=0.7), '"binary_crossentropy"', "Dense(1, activation"),
        (label("float32", minimum=0, maximum=1, mean=0.3, zeros=0.6), '"mse"', "Rescaling("),
        (label(shape=(4,), minimum=0, maximum=1), '"binary_crossentropy"', 'Dense(4, activation="sigmoid")'),
        (
            label("float32", shape=(4,), minimum=0, maximum=1, mean=0.5, zeros=0.5),
            '"binary_crossentropy"',
            "Dense(4, a",
        ),
        (label(minimum=1, maximum=4), SPARSE, 'Dense(5, activation="softmax")'),
        (label(shape=(1,), minimum=1, maximum=4), SPARSE, 'Dense(5, activation="softmax")'),
        (
            label(shape=(3,), minimum=0, maximum=4),
            SPARSE,
            "Dense(15)\nkeras.layers.Reshape((3, 5))\nkeras.layers.Softmax(",
        ),
        (label(ids=(0, 40)), SPARSE, 'Dense(41, activation="softmax")'),
        (label(ids=(-1, 1)), "keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)", "Dense(2, activation"),
        (label(ids=(-1, 1), minimum=0, maximum=1), '"binary_crossentropy"', 'Dense(1, activation="sigmoid")'),
        (label(ids=(-1, 4), minimum=0, maximum=4), SPARSE, 'Dense(5, activation="softmax")'),
        (label(minimum=-3, maximum=4, mean=1, variance=4), '"mse"', "Rescaling(2, offset=1)"),
        (label(minimum=0, maximum=5000), '"mse"', "Dense(1)"),
        (label(minimum=0, maximum=0), '"mse"', "Dense(1)"),
        (label("float32", shape=(3,)), '"mse"', "Dense(3)"),
        (label("string"), SPARSE, 'Dense(len(class_names), activation="softmax")'),
        (label("string", shape=(1,)), SPARSE, 'Dense(len(class_names), activation="softmax")'),
    ],
)
def test_the_label_decides_layer_and_loss(output: Output, loss: str, last_layer: str) -> None:
    """0 and 1: a probability, of each number. Ids, text, a few small integers: one for each class. Else: a quantity, scaled."""
    found = head(output)
    assert isinstance(found, Head)
    assert found.loss == loss
    assert last_layer in "\n".join(found.layers)


@pytest.mark.parametrize("output", [label(shape=None), label("float32", shape=(2, 2)), label("string", shape=(2,))])
def test_some_labels_are_left_to_the_user(output: Output) -> None:
    """For a label of varying length, a matrix, or several texts there is no model, and the reason is given."""
    assert head(output) == "is neither one value nor a list of as many numbers in each row"


@pytest.mark.parametrize(("share", "weights"), [(0.1, (0.5 / 0.9, 5)), (0.95, (10, 0.5 / 0.95)), (0.2, ()), (0.5, ())])
def test_a_rare_class_is_weighted(share: float, weights: tuple[float, ...]) -> None:
    """Where less than a fifth of the rows are of one of two classes, both classes' weights add up to the same."""
    found = head(label(minimum=0, maximum=1, mean=share))
    assert isinstance(found, Head)
    assert found.class_weights == pytest.approx(weights)
    assert ("auc_pr" in found.metrics) == bool(weights)


RARE = """
[input]
files = ["rows.csv"]
[split]
train = 0.8
test = 0.1
valid = 0.1
[features]
a = "z_score"
b = "z_score"
y = "label"
[output]
shards = 2
"""


def rows_csv(folder: Path) -> None:
    """3,000 rows of two numbers, and of what they decide: one class of 25, a price, a text, and how many of them are positive."""
    draw = random.Random(1)
    with (folder / "rows.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["a", "b", "y", "price", "town"])
        for _ in range(3000):
            a, b = draw.gauss(0, 1), draw.gauss(0, 1)
            writer.writerow([a, b, int(a + b > 2.4), 1e5 + 5e4 * a + 1e4 * b, "xyz"[(a > 0) + (b > 0)]])


def test_a_rare_class_is_found(tmp_path: Path) -> None:
    """With weights, most rows of a class that 4 of 100 rows have are told, on the split that is for validation by its name."""
    rows_csv(tmp_path)
    code = code_for(str(run_toml(tmp_path, RARE)))
    assert 'class_weight=CLASS_WEIGHT,\n    validation_data=dataset("valid"),' in code
    names = execute(code, tmp_path)
    assert names["CLASS_WEIGHT"][1] / names["CLASS_WEIGHT"][0] == pytest.approx(0.96 / 0.04, rel=0.2)
    found = names["model"].evaluate(names["dataset"]("test"), return_dict=True)
    assert found["auc"] > 0.95
    features, labels = next(iter(names["dataset"]("train", batch_size=1500)))
    scores = names["model"](features)[labels == 1]
    assert np.mean(scores > 0.5) > 0.8


def test_each_of_several_labels_is_learned(tmp_path: Path) -> None:
    """A rare class, a price and a text with a name that Keras doesn't take: an output each; the export calls them by their names."""
    rows_csv(tmp_path)
    toml = RARE.replace("[output]", 'price = "label"\n"to/wn $x" = { kind = "label", column = "town" }\n[output]')
    names = execute(code_for(str(run_toml(tmp_path, toml))), tmp_path)
    assert names["LABELS"] == {"y": "y", "price": "price", "to_wn_x": "to/wn $x"}
    found = names["model"].evaluate(names["encoded"]("test"), return_dict=True)
    assert found["y_auc"] > 0.95
    assert found["price_mae"] < 20_000
    assert found["to_wn_x_accuracy"] > 0.8
    assert {len(each) for each in names["weighted"].element_spec} == {len(names["inputs"]), len(names["LABELS"])}
    served = tf.saved_model.load(names["EXPORT"]).serve({"a": tf.constant([2.0, -2]), "b": tf.constant([2.0, -2])})
    assert set(served) == {"y", "price", "to/wn $x", "to/wn $x_scores"}
    assert served["to/wn $x"].numpy().tolist() == [b"z", b"x"]
    np.testing.assert_allclose(served["price"][:, 0], [220_000, -20_000], atol=60_000)


FUNCTION = """
import tensorflow as tf


def preprocess(inputs):
    a, b = inputs["a"], inputs["b"]
    return {
        "a": a,
        "b": b,
        "signs": tf.cast(tf.stack([a > 0, b > 0, a > b], axis=1), tf.int64),
        "sums": tf.stack([a + b, a - b], axis=1),
        "letters": tf.strings.bytes_split(inputs["town"]).to_sparse(),
    }
"""
FUNCTION_TOML = """
preprocessing_fn = "function.py:preprocess"
label = ["letters", "signs", "sums"]
[input]
files = ["rows.csv"]
[output]
shards = 1
"""


def test_label_vectors_are_learned_and_lists_left_out(tmp_path: Path) -> None:
    """A 0/1 vector gets a probability for each number, a vector of quantities its scale; of varying length: left out, and said so."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    rows_csv(tmp_path)
    (tmp_path / "function.py").write_text(FUNCTION)
    code = code_for(str(run_toml(tmp_path, FUNCTION_TOML)))
    assert 'features.pop("letters")  # a label too, which is neither one value' in code
    names = execute(code, tmp_path)
    found = names["model"].evaluate(names["dataset"]("train"), return_dict=True)
    assert found["signs_binary_accuracy"] > 0.9
    assert found["signs_auc"] > 0.95
    assert found["sums_mae"] < 0.4
    served = tf.saved_model.load(names["EXPORT"]).serve({"a": tf.constant([2.0]), "b": tf.constant([-2.0])})
    assert np.round(served["signs"]).tolist() == [[1, 0, 1]]


def test_a_function_without_a_label_is_told_how_to_name_one(tmp_path: Path) -> None:
    """The advice for a `preprocessing_fn` is `label = [...]` at the top of the configuration, which takes it there."""
    pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")
    rows_csv(tmp_path)
    (tmp_path / "function.py").write_text(FUNCTION)
    code = code_for(str(run_toml(tmp_path, re.sub("label = .*", "", FUNCTION_TOML), name="unlabelled")))
    assert 'can name one: label = ["sums"] at the top, for the output of that name.' in code
    assert "No model" not in code_for(str(run_toml(tmp_path, re.sub("label = .*", 'label = ["sums"]', FUNCTION_TOML))))
