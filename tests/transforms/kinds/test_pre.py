"""What may be done to a number first."""

import numpy as np
import pytest
import tensorflow as tf

from shardmill.transforms.numbers.pre import OPERATIONS, Pre, parse_pre

EACH = [
    Pre("abs"),
    Pre("clip", (-1.0, 2.5)),
    Pre("log"),
    Pre("log1p"),
    Pre("power", (0.37,)),
    Pre("power", (-2.0,)),
    Pre("sqrt"),
]


@pytest.mark.parametrize("operation", EACH)
def test_numpy_and_tensorflow_agree(operation: Pre) -> None:
    """Analysis and graph do the same, up to float32 rounding, at the edges too; what is missing stays missing."""
    values = np.array([0.0, -0.0, 1, -1, 2, 1e-30, 1e30, 3.4e38, np.inf, -np.inf, np.nan, -5, 0.5], np.float32)
    applied = operation.tensor(tf, tf.constant(values)).numpy()
    assert applied.dtype == np.float32
    np.testing.assert_allclose(operation.numpy(values), applied, rtol=3e-7)
    assert np.isnan(applied[10])


def test_all_operations_are_tested() -> None:
    """The list above has them all."""
    assert {each.name for each in EACH} == set(OPERATIONS)


def test_dtypes() -> None:
    """float64 stays, integers become float32."""
    assert Pre("sqrt").numpy(np.array([4.0])).dtype == np.float64
    assert Pre("sqrt").numpy(np.array([4])).dtype == np.float32


def test_forms() -> None:
    """One operation needs no list."""
    assert parse_pre("x", "log1p") == (Pre("log1p"),)
    assert parse_pre("x", {"power": 2}) == (Pre("power", (2.0,)),)
    assert parse_pre("x", [{"clip": [0, 1]}, "sqrt"]) == (Pre("clip", (0.0, 1.0)), Pre("sqrt"))
