"""The table of operations: each feature of ours beside the function of TF Transform's, or TensorFlow's, that it equals.

What TF Transform does otherwise stands in docs/tf-transform.md, and as a comment here where a function makes up for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
import tensorflow as tf

tft = pytest.importorskip("tensorflow_transform", reason="TF Transform isn't installed: not on Python 3.10")

Tensors = Mapping[str, Any]
# So small an epsilon makes TF Transform's quantiles exact on few rows.
EXACT = 1e-7
# TF Transform must know a vector's length before it knows a vocabulary's.
WIDE = 64


@dataclass(frozen=True)
class Case:
    """One operation on one column, in both.

    Attributes:
        feature: What `[features]` says of it.
        theirs: From the tensors of the columns to TF Transform's output.
        match: "bits": the same bits. "ulps": but for the last two, and for subnormal numbers. "min_max": in finite rows, and in a
            constant column but for the last two. "z_score": as far as float32 sums can tell.
        vocabulary: Whether both write a vocabulary of the case's name.
        no_domain: Whether the schema has an int_domain in ours only.
    """

    feature: Mapping[str, Any]
    theirs: Callable[[Tensors], Any]
    match: Literal["bits", "ulps", "min_max", "z_score"] = "bits"
    vocabulary: bool = False
    no_domain: bool = False


@dataclass(frozen=True)
class Numbers:
    """Parameters of the operations on numbers.

    Attributes:
        num_buckets: Of `bucketize`.
        boundaries: Of `buckets`: floats, or integers.
        low: The `min` of `min_max`.
        high: The `max` of `min_max`.
    """

    num_buckets: int = 4
    boundaries: Sequence[float] = (-1.5, 0.0, 2.0)
    low: float = -2.0
    high: float = 3.3


@dataclass(frozen=True)
class Tokens:
    """Parameters of a vocabulary, under the names that both have."""

    top_k: int | None = None
    frequency_threshold: int | None = None
    num_oov_buckets: int = 0
    default_value: int = -1
    reserved_tokens: tuple[str, ...] = ()

    @property
    def ours(self) -> dict[str, Any]:
        """As parameters of a feature."""
        given = {"top_k": self.top_k, "frequency_threshold": self.frequency_threshold}
        given |= {"num_oov_buckets": self.num_oov_buckets, "reserved_tokens": list(self.reserved_tokens)}
        return {key: value for key, value in given.items() if value}

    def theirs(self, tensor: Any, name: str) -> Any:
        """TF Transform's vocabulary, by the name of the file."""
        return tft.vocabulary(
            tensor,
            top_k=self.top_k,
            frequency_threshold=self.frequency_threshold,
            reserved_tokens=list(self.reserved_tokens) or None,
            vocab_filename=name,
        )

    def applied(self, tensor: Any, vocabulary: Any, default_value: int | None = None) -> Any:
        """Ids in a vocabulary of TF Transform's."""
        default = self.default_value if default_value is None else default_value
        return tft.apply_vocabulary(tensor, vocabulary, num_oov_buckets=self.num_oov_buckets, default_value=default)


def number_cases(column: str, parameters: Numbers) -> dict[str, Case]:
    """The operations on a float column or an integer one, by feature name.

    TF Transform's tensors must have `<column>_finite` beside the column: without infinities, which its minimum and maximum count.
    """
    finite = f"{column}_finite"
    low, high = parameters.low, parameters.high
    cases = {
        "numeric": Case({"kind": "numeric", "missing": 0}, lambda each: each[column]),
        "z_score": Case({"kind": "z_score"}, lambda each: tft.scale_to_z_score(each[column]), "z_score"),
        "min_max": Case(
            {"kind": "min_max", "min": low, "max": high},
            lambda each: tft.scale_by_min_max(each[finite], low, high),
            "min_max",
        ),
        "bucketize": Case(
            {"kind": "bucketize", "num_buckets": parameters.num_buckets},
            lambda each: tft.apply_buckets(each[column], _quantiles(each[finite], parameters.num_buckets)),
        ),
        "buckets": Case(
            {"kind": "buckets", "boundaries": list(parameters.boundaries)},
            lambda each: tft.apply_buckets(each[column], [list(parameters.boundaries)]),
        ),
    }
    return _named(column, cases | _elementwise(column))


def _elementwise(column: str) -> dict[str, Case]:
    """TF Transform has none of these: TensorFlow's own operations are the oracle."""
    operations: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {
        "log": ({"kind": "log"}, tf.math.log),
        "log1p": ({"kind": "log1p"}, tf.math.log1p),
        "clip": ({"kind": "clip", "min": -1.5, "max": 2}, lambda x: tf.clip_by_value(x, -1.5, 2.0)),
        "power": ({"kind": "power", "exponent": 1.5}, lambda x: tf.math.pow(x, 1.5)),
        "abs_sqrt": ({"kind": "numeric", "pre": ["abs", "sqrt"]}, lambda x: tf.math.sqrt(tf.math.abs(x))),
    }
    return {
        name: Case(
            feature, lambda each, made=made: _mapped(lambda x: made(tf.cast(x, tf.float32)), each[column]), "ulps"
        )
        for name, (feature, made) in operations.items()
    }


def token_cases(column: str, tokens: Tokens, num_buckets: int, key: tuple[int, int]) -> dict[str, Case]:
    """The operations on a text column or an integer one, by feature name."""
    name = f"{column}_vocabulary"
    ours = {"kind": "vocabulary", "default_value": tokens.default_value, **tokens.ours}
    hashed = {"kind": "hash", "num_buckets": num_buckets}
    return _named(
        column,
        {
            "vocabulary": Case(
                ours, lambda each: tokens.applied(each[column], tokens.theirs(each[column], name)), vocabulary=True
            ),
            "hash": Case(hashed, lambda each: tft.hash_strings(_text(each[column]), num_buckets), no_domain=True),
            "keyed_hash": Case(
                hashed | {"key": list(key)},
                lambda each: tft.hash_strings(_text(each[column]), num_buckets, key=list(key)),
                no_domain=True,
            ),
        },
    )


def text_cases(first: str, second: str, tokens: Tokens, file: Path) -> dict[str, Case]:
    """What takes vectors, several columns, or a given vocabulary; of two text columns."""
    pair = {"kind": "cross", "columns": [first, second]}
    return {
        "label": Case({"kind": "label", "column": first, "missing": ""}, lambda each: each[first]),
        "file": Case(
            {"kind": "vocabulary", "column": first, "file": str(file), "num_oov_buckets": 3},
            lambda each: tft.apply_vocabulary(each[first], tf.constant(str(file)), num_oov_buckets=3),
        ),
        "pooled": Case(
            {"kind": "vocabulary", "columns": [first, second], **tokens.ours},
            lambda each: _pooled(each, first, second, tokens),
            vocabulary=True,
        ),
        "one_hot": Case(
            {"kind": "one_hot", "column": first, **tokens.ours},
            lambda each: _one_hot(each[first], tokens),
            vocabulary=True,
        ),
        "multi_hot": Case(
            {"kind": "multi_hot", "column": second, "delimiter": ",", **tokens.ours},
            lambda each: _multi_hot(each[second], tokens),
            vocabulary=True,
        ),
        "cross": Case(
            pair | tokens.ours,
            lambda each: tokens.applied(
                _crossed(each, first, second), tokens.theirs(_crossed(each, first, second), "cross")
            ),
            vocabulary=True,
        ),
        "cross_hash": Case(
            pair | {"num_buckets": 11}, lambda each: tft.hash_strings(_crossed(each, first, second), 11), no_domain=True
        ),
    }


def _named(column: str, cases: Mapping[str, Case]) -> dict[str, Case]:
    return {
        f"{column}_{name}": Case(**{**vars(case), "feature": {**case.feature, "column": column}})
        for name, case in cases.items()
    }


def _mapped(function: Callable[[Any], Any], tensor: Any) -> Any:
    """An elementwise function of a dense or a sparse tensor."""
    if isinstance(tensor, tf.SparseTensor):
        return tensor.with_values(function(tensor.values))
    return function(tensor)


def _quantiles(tensor: Any, num_buckets: int) -> Any:
    """What `tft.bucketize` computes of its tensor."""
    values = tensor.values if isinstance(tensor, tf.SparseTensor) else tensor
    return tft.quantiles(values, num_buckets, EXACT)


def _text(tensor: Any) -> Any:
    return tensor if tensor.dtype == tf.string else _mapped(tf.strings.as_string, tensor)


def _dense(tensor: Any) -> Any:
    """Text with the empty string where there is none, as a graph of ours has it."""
    if not isinstance(tensor, tf.SparseTensor):
        return tensor
    shape = tf.stack([tensor.dense_shape[0], 1])
    return tf.reshape(tf.sparse.to_dense(tf.SparseTensor(tensor.indices, tensor.values, shape), ""), [-1])


def _pooled(tensors: Tensors, first: str, second: str, tokens: Tokens) -> Any:
    cells = [_dense(tensors[name]) for name in (first, second)]
    return tokens.applied(tf.stack(cells, axis=1), tokens.theirs(tf.concat(cells, axis=0), "pooled"))


def _one_hot(tensor: Any, tokens: Tokens) -> Any:
    cells = _dense(tensor)
    ids = tokens.applied(cells, tokens.theirs(cells, "one_hot"), -1)
    # An empty token would be put into an OOV bucket.
    return tf.one_hot(tf.where(cells == "", tf.constant(-1, tf.int64), ids), WIDE)


def _multi_hot(tensor: Any, tokens: Tokens) -> Any:
    cells = tf.strings.split(_dense(tensor), sep=",")
    cells = cells.with_values(tf.strings.strip(cells.values))
    ids = tokens.applied(cells, tokens.theirs(cells, "multi_hot"), -1)
    ids = tf.where(cells.to_tensor("") == "", tf.constant(-1, tf.int64), ids.to_tensor(-1))
    return tf.minimum(tf.reduce_sum(tf.one_hot(ids, WIDE), axis=1), 1)


def _crossed(tensors: Tensors, first: str, second: str) -> Any:
    left, right = _dense(tensors[first]), _dense(tensors[second])
    # A cross of something missing would be a token like any other.
    return tf.where((left == "") | (right == ""), "", tf.strings.join([left, right], separator="_X_"))
