"""TF Transform's mappers and analyzers on numbers and categories, dense and sparse."""

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs):
    """Numbers: scaled, bucketized, in several phases; categories: vocabularies, hashes, one-hot."""
    dense, sparse = inputs["dense"], inputs["sparse"]
    count, few = inputs["count"], inputs["few"]
    color, city = inputs["color"], inputs["city"]
    z_score = tft.scale_to_z_score(dense)
    bucket = tft.bucketize(dense, num_buckets=7)
    return {
        "z_score": z_score,
        "z_score_of_z_score": tft.scale_to_z_score(z_score * z_score),
        "z_score_sparse": tft.scale_to_z_score(sparse),
        "min_max": tft.scale_by_min_max(dense),
        "gaussian": tft.scale_to_gaussian(dense),
        "z_score_by_color": tft.scale_to_z_score_per_key(dense, color),
        "min_max_by_color": tft.scale_by_min_max_per_key(dense, color, key_vocabulary_filename=None),
        "bucket": bucket,
        "bucket_sparse": tft.bucketize(sparse, num_buckets=5),
        "bucket_by_color": tft.bucketize_per_key(dense, color, num_buckets=3),
        "bucket_of_count": tft.bucketize(count, num_buckets=4),
        "applied_buckets": tft.apply_buckets(dense, bucket_boundaries=[[-1.0, 0.0, 1.0]]),
        "interpolated": tft.apply_buckets_with_interpolation(dense, bucket_boundaries=[[-1.0, 0.0, 1.0]]),
        "scaled_bucket": tft.scale_to_0_1(tf.cast(bucket, tf.float32)),
        "vocabulary_of_bucket": tft.compute_and_apply_vocabulary(tf.strings.as_string(bucket)),
        "one_hot": tf.one_hot(bucket, 7),
        "color": tft.compute_and_apply_vocabulary(color, num_oov_buckets=1, vocab_filename="color"),
        "city": tft.compute_and_apply_vocabulary(city, top_k=3, num_oov_buckets=2, vocab_filename="city"),
        "frequent_city": tft.compute_and_apply_vocabulary(city, frequency_threshold=200),
        "count_as_token": tft.compute_and_apply_vocabulary(count, vocab_filename="count"),
        "color_hash": tft.hash_strings(color, hash_buckets=10),
        "city_hash": tft.hash_strings(city, hash_buckets=10, key=[1, 2]),
        "color_frequency": tf.cast(tft.size(color), tf.float32) / tf.cast(tf.strings.length(color), tf.float32),
        "few": few,
        "mean": tft.mean(count) + tf.cast(count, tf.float32),
        "range": tf.stack([dense - tft.min(dense), tft.max(dense) - dense], axis=1),
        "variance": dense / tft.var(dense),
        "distance": tf.cast(count - tft.sum(count), tf.int64),
        "quantiles": tf.cast(tf.searchsorted(tft.quantiles(dense, 5, 0.01)[0], dense), tf.int64),
        "whitened": _whitened(dense, count),
        "covariance": tf.reduce_sum(tft.covariance(_pair(dense, count), tf.float32)) + dense,
    }


def _pair(dense, count):
    return tf.stack([dense, tf.cast(count, tf.float32)], axis=1)


def _whitened(dense, count):
    pair = _pair(dense, count)
    return tf.matmul(pair, tft.pca(pair, 2, tf.float32))


def cast(inputs):
    """Constants and casts: no analysis at all."""
    return {"count": tf.cast(inputs["count"], tf.float32) / np.float32(3)}
