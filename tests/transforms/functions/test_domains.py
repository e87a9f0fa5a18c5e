"""Ids keep their domain through what only moves, joins or shifts them; what makes other numbers of them loses it."""

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from shardmill.transforms.functions.domains import Domain, Domains, is_domain

TEXTS = ["a b c", "d", ""]
ROWS = len(TEXTS)
# What a case makes of its ids: [batch], ragged, sparse; all from 0 to 9. And of a number of the row's.
Build = Callable[["Ids"], Any]


class Ids:
    """The ids of a batch of texts, in all forms."""

    def __init__(self, texts: Any) -> None:
        """Hashes the texts, and their words."""
        words = tf.strings.split(texts)
        self.dense = tf.strings.to_hash_bucket_fast(texts, 10)
        self.ragged = words.with_values(tf.strings.to_hash_bucket_strong(words.values, 10, [1, 2]))
        self.sparse = self.ragged.to_sparse()
        self.pair = tf.stack([self.dense, self.dense], axis=1)
        self.number = tf.strings.length(texts, name="number")
        self.flag = self.number > 1


def domain(build: Build) -> tuple[int, int] | None:
    """The domain of what is built; None where it isn't known, or isn't of ids."""
    known: list[bool] = []

    def traced(texts: Any) -> Any:
        output = build(Ids(texts))
        values = getattr(output, "flat_values", None)
        values = getattr(output, "values", output) if values is None else values
        found = Domains({}, [texts]).of(values)
        known.append(found is not None and found.is_ids)
        return [tf.zeros([], tf.int64)] * 2 if found is None else [found.least, found.greatest]

    least, greatest = tf.function(traced, autograph=False)(tf.constant(TEXTS))
    return (int(least), int(greatest)) if known[-1] and is_domain(int(least), int(greatest)) else None


def table(values: list[int], default: int = -1) -> Any:
    """A table of the user's, from "a", "b" ... to values."""
    with tf.init_scope():
        keys = tf.constant(list("abcdefgh"[: len(values)]))
        initializer = tf.lookup.KeyValueTensorInitializer(keys, tf.constant(values, tf.int64))
        return tf.lookup.StaticHashTable(initializer, default)


def words_of(ids: Ids) -> Any:
    """Some text that depends on the row."""
    return tf.strings.as_string(ids.dense)


def in_indices(ids: Ids) -> Any:
    """Ids in a sparse tensor's indices and out again, as in TF Transform's `tfidf`."""
    row, word = tf.split(ids.sparse.indices, 2, axis=1)
    indices = tf.concat([row, word, tf.expand_dims(ids.sparse.values % 7, 1)], axis=1)
    counted = tf.SparseTensor(indices, tf.ones_like(ids.sparse.values), tf.concat([ids.sparse.dense_shape, [7]], 0))
    return tf.compat.v1.sparse_reduce_sum_sparse(counted, 1)


FOLLOWED: dict[str, tuple[Build, tuple[int, int]]] = {
    "hash": (lambda ids: ids.dense, (0, 9)),
    "sparse": (lambda ids: ids.sparse, (0, 9)),
    "dense of sparse": (lambda ids: tf.sparse.to_dense(ids.sparse, default_value=-1), (-1, 9)),
    "dense of ragged": (lambda ids: ids.ragged.to_tensor(20, shape=[None, 5]), (0, 20)),
    "shifted and padded": (lambda ids: (ids.ragged + 1).to_tensor(0, shape=[None, 5]), (0, 10)),
    "first words": (lambda ids: ids.ragged[:, :2], (0, 9)),
    "last column": (lambda ids: ids.pair[:, -1], (0, 9)),
    "cut": (lambda ids: tf.sparse.slice(ids.sparse, [0, 0], [ROWS, 2]), (0, 9)),
    "in order": (lambda ids: tf.sparse.reorder(ids.sparse), (0, 9)),
    "kept": (lambda ids: tf.sparse.retain(ids.sparse, ids.sparse.values > 3), (0, 9)),
    "padded": (lambda ids: tf.pad(ids.pair + 5, [[0, 0], [0, 3]]), (0, 14)),
    "padded by a number": (lambda ids: tf.pad(ids.pair, [[0, 0], [3, 0]], constant_values=-7), (-7, 9)),
    "joined": (lambda ids: tf.concat([ids.pair, ids.pair + 10], axis=1), (0, 19)),
    "stacked": (lambda ids: tf.stack([ids.dense, ids.dense - 3], axis=1), (-3, 9)),
    "chosen": (lambda ids: tf.where(ids.flag, ids.dense, tf.constant(-1, tf.int64)), (-1, 9)),
    "reshaped": (lambda ids: tf.reshape(tf.expand_dims(ids.pair, 2), [-1, 2]), (0, 9)),
    "turned": (lambda ids: tf.reverse(tf.transpose(ids.pair), [1]), (0, 9)),
    "squeezed": (lambda ids: tf.squeeze(ids.pair[:, :1], 1), (0, 9)),
    "repeated": (lambda ids: tf.tile(ids.pair, [1, 2]), (0, 9)),
    "gathered": (lambda ids: tf.gather(ids.pair, [1], axis=1), (0, 9)),
    "cast": (lambda ids: tf.cast(tf.cast(ids.dense, tf.int32), tf.int64), (0, 9)),
    "folded": (lambda ids: ids.dense % 4, (0, 3)),
    "crossed": (lambda ids: ids.dense * 10 + ids.dense, (0, 99)),
    "mirrored": (lambda ids: ids.dense * -2, (-18, 0)),
    "clipped": (lambda ids: tf.clip_by_value(ids.dense, 2, 5), (2, 5)),
    "at most": (lambda ids: tf.minimum(ids.dense, 6), (0, 6)),
    "buckets": (lambda ids: tf.cast(tf.raw_ops.Bucketize(input=ids.number, boundaries=[1.0, 3.0]), tf.int64), (0, 2)),
    "places among boundaries": (lambda ids: tf.searchsorted([1, 3, 7], ids.number, out_type=tf.int64), (0, 3)),
    "of a table": (lambda ids: table([0, 1, 2]).lookup(words_of(ids)), (-1, 2)),
    "of a sparse table": (lambda ids: table([10, 20, 30], default=0).lookup(words_of(ids)), (0, 30)),
    "in a sparse tensor's indices": (lambda ids: in_indices(ids).indices[:, 1], (0, 6)),
}
LOST: dict[str, Build] = {
    "a length": lambda ids: tf.cast(ids.number, tf.int64),
    "a flag": lambda ids: tf.cast(ids.flag, tf.int64),
    "a sum": lambda ids: tf.reduce_sum(ids.ragged, axis=1),
    "a distance": lambda ids: ids.dense - ids.dense,
    "a constant": lambda _: tf.zeros([ROWS], tf.int64),
    "ids and lengths": lambda ids: tf.stack([ids.dense, tf.cast(ids.number, tf.int64)], axis=1),
    "a row's number in a sparse tensor's indices": lambda ids: in_indices(ids).indices[:, 0],
    "quantities of a table": lambda ids: table([700_000, 2_100_000]).lookup(words_of(ids)),
    "quantities of a table, shifted": lambda ids: table([700_000, 2_100_000]).lookup(words_of(ids)) + 1,
    "quantities of a table, and ids": lambda ids: table([7, 2**62, -(2**62)]).lookup(words_of(ids)) + ids.dense,
    "quantities of a table, doubled": lambda ids: table([7, 2**62]).lookup(words_of(ids)) * 2,
    "quantities of a table, above 0": lambda ids: tf.maximum(table([7, 2**62]).lookup(words_of(ids)), 0),
    "places in a row": lambda ids: tf.searchsorted(ids.pair, ids.pair, out_type=tf.int64),
    "a square": lambda ids: ids.dense * ids.dense,
}


@pytest.mark.parametrize("name", FOLLOWED)
def test_ids_are_followed(name: str) -> None:
    """The domain is that of the ids, widened by what is put beside them, shifted as they are."""
    build, expected = FOLLOWED[name]
    assert domain(build) == expected


@pytest.mark.parametrize("name", LOST)
def test_other_numbers_are_no_ids(name: str) -> None:
    """What is counted, compared or looked up as a quantity has no domain of ids."""
    assert domain(LOST[name]) is None


def test_a_known_domain_is_taken() -> None:
    """What is told of a tensor holds for what is made of it."""

    @tf.function(autograph=False)
    def traced(numbers: Any) -> Any:
        bucket = numbers * 2
        known = Domain(tf.constant(0, tf.int64), tf.constant(6, tf.int64), is_ids=True)
        found = Domains({bucket.name: known}, [numbers]).of(tf.reshape(bucket, [-1, 1]))
        return [found.least, found.greatest] if found else []

    assert [int(each) for each in traced(tf.constant([1], tf.int64))] == [0, 6]


def test_long_chains_end() -> None:
    """An output thousands of operations away from its ids has no domain; nothing fails."""

    def far(ids: Ids) -> Any:
        values = ids.dense
        for _ in range(3000):
            values = tf.identity(values)
        return values

    assert domain(far) is None
