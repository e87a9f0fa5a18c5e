"""A traced function put into another graph: only what the wanted outputs need, with the same bits whatever the batch."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from shardmill.transforms.functions.traced_function import Function

ROWS = 103
VALUES = (np.random.default_rng(5).random(ROWS) + 0.01).astype(np.float32)


def _function(build: Callable[[Mapping[str, Any]], dict[str, Any]], **specs: Any) -> Function:
    return Function(tf.function(build, autograph=False).get_concrete_function(specs))


def _number() -> Any:
    return tf.TensorSpec([None], tf.float32)


class _Inlined:
    """Some outputs of a function in a graph of their own."""

    def __init__(self, function: Function, names: list[str], *columns: str) -> None:
        with tf.Graph().as_default() as graph:
            self._places = {name: tf.compat.v1.placeholder(tf.float32, [None]) for name in columns}
            self._outputs = function.inline(self._places, names)
        self.operations = graph.get_operations()
        self._session = tf.compat.v1.Session(graph=graph)

    def __call__(self, **columns: Any) -> dict[str, np.ndarray]:
        feeds = {self._places[name]: np.asarray(values, np.float32) for name, values in columns.items()}
        outputs: dict[str, np.ndarray] = self._session.run(self._outputs, feeds)
        return outputs


def test_only_what_an_output_needs_is_put_in() -> None:
    """An output's columns are asked for and its operations run; those of others aren't."""
    function = _function(
        lambda i: {"x": tf.floor(i["a"]), "y": tf.math.ceil(i["b"]) + i["a"]}, a=_number(), b=_number()
    )
    assert function.dependencies == {"x": {"a"}, "y": {"a", "b"}}
    inlined = _Inlined(function, ["x"], "a")
    assert inlined(a=[1.5])["x"].tolist() == [1.0]
    types = {operation.type for operation in inlined.operations}
    assert "Floor" in types
    assert "Ceil" not in types


def test_no_output_is_no_operation() -> None:
    """None wanted: nothing is put in."""
    assert _Inlined(_function(lambda i: {"x": i["a"] * 2}, a=_number()), [], "a")(a=[1.0]) == {}


def test_a_lookup_is_needed_by_its_own_output_alone() -> None:
    """TensorFlow has all outputs wait for every lookup; an output that doesn't use the table doesn't depend on its column."""
    with tf.init_scope():
        table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(["a"], [1.0]), -1.0)
    function = _function(
        lambda i: {"x": i["a"] * 2, "y": table.lookup(i["b"])}, a=_number(), b=tf.TensorSpec([None], tf.string)
    )
    assert function.dependencies == {"x": {"a"}, "y": {"b"}}
    assert _Inlined(function, ["x"], "a")(a=[1.5])["x"].tolist() == [3.0]


def test_an_assertion_is_kept() -> None:
    """What checks the data runs, though no output uses it."""

    def build(inputs: Mapping[str, Any]) -> dict[str, Any]:
        tf.debugging.assert_less(inputs["a"], 3.0, message="too large")
        return {"x": inputs["a"] * 2}

    inlined = _Inlined(_function(build, a=_number()), ["x"], "a")
    assert inlined(a=[1.5])["x"].tolist() == [3.0]
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        inlined(a=[4.0])


def test_constants_that_it_divides_by_are_hidden() -> None:
    """The optimizer may not make a multiplication of a division, whose last bit differs."""
    inlined = _Inlined(_function(lambda i: {"x": i["a"] / 49.0}, a=_number()), ["x"], "a")
    (division,) = (each for each in inlined.operations if each.type == "RealDiv")
    assert division.inputs[1].op.type == "PlaceholderWithDefault"
    assert inlined(a=VALUES)["x"].tobytes() == (VALUES / np.float32(49)).tobytes()


def _looped(values: Any) -> Any:
    return tf.while_loop(lambda n, _: n < 2, lambda n, x: (n + 1, tf.math.sin(x)), (0, values))[1]


@tf.function
def _called(values: Any) -> Any:
    return tf.math.tanh(tf.cast(values, tf.float64)) * 2


STEADY = {
    "log": tf.math.log,
    "exp": tf.math.exp,
    "sigmoid": tf.math.sigmoid,
    "softplus": tf.math.softplus,
    "rsqrt": tf.math.rsqrt,
    "erfinv": tf.math.erfinv,
    "acos": tf.math.acos,
    "double": lambda x: tf.math.log1p(tf.cast(x, tf.float64)),
    "power of a number": lambda x: tf.pow(x, 0.37),
    "number's power": lambda x: tf.pow(0.37, x),
    "powers": lambda x: tf.pow(x, 1 + x),
    "powers of a matrix": lambda x: tf.pow(tf.stack([x, x + 1], 1), tf.constant([0.3, 1.7])),
    "angle": lambda x: tf.math.atan2(x, 1 - x),
    "xlogy": lambda x: tf.math.xlogy(x, 1 + x),
    "matrix": lambda x: tf.math.expm1(tf.stack([x, 2 * x, 3 * x], 1)),
    "in a loop": _looped,
    "in a function": _called,
}


@pytest.mark.parametrize("name", STEADY)
def test_a_rows_bits_do_not_depend_on_the_batch(name: str) -> None:
    """One row at a time, or all at once: the same bits, near those of the function itself; shapes stay."""
    build = STEADY[name]
    function = _function(lambda i: {"x": build(i["a"])}, a=_number())
    inlined = _Inlined(function, ["x"], "a")
    together = inlined(a=VALUES)["x"]
    alone = np.concatenate([inlined(a=VALUES[row : row + 1])["x"] for row in range(ROWS)])
    assert together.tobytes() == alone.tobytes()
    np.testing.assert_allclose(together, build(tf.constant(VALUES)).numpy(), rtol=1e-5)
    assert inlined(a=[])["x"].shape == (0, *together.shape[1:])


def test_a_function_can_be_put_into_another_twice() -> None:
    """What is steady already stays as it is."""
    inner = _function(lambda i: {"x": _looped(tf.math.log(i["a"]))}, a=_number())
    outer = _function(lambda i: inner.inline(i, ["x"]), a=_number())
    found = _Inlined(outer, ["x"], "a")(a=VALUES)["x"]
    assert found.tobytes() == _Inlined(inner, ["x"], "a")(a=VALUES)["x"].tobytes()
