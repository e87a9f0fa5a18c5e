"""TF Transform's mappers and analyzers on numbers and categories, dense and sparse."""

from typing import Any

import tensorflow as tf
import tensorflow_transform as tft


def preprocess(inputs: dict[str, Any]) -> dict[str, Any]:
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
        "z_score_by_color": tft.scale_to_z_score_per_key(dense, color),
        "bucket": bucket,
        "bucket_sparse": tft.bucketize(sparse, num_buckets=5),
        "applied_buckets": tft.apply_buckets(dense, bucket_boundaries=[[-1.0, 0.0, 1.0]]),
        "interpolated": tft.apply_buckets_with_interpolation(dense, bucket_boundaries=[[-1.0, 0.0, 1.0]]),
        "scaled_bucket": tft.scale_to_0_1(tf.cast(bucket, tf.float32)),
        "vocabulary_of_bucket": tft.compute_and_apply_vocabulary(tf.strings.as_string(bucket)),
        "one_hot": tf.one_hot(bucket, 7),
        "color": tft.compute_and_apply_vocabulary(color, num_oov_buckets=1, vocab_filename="color"),
        "city": tft.compute_and_apply_vocabulary(city, top_k=3, num_oov_buckets=2, vocab_filename="city"),
        "color_hash": tft.hash_strings(color, hash_buckets=10),
        "city_hash": tft.hash_strings(city, hash_buckets=10, key=[1, 2]),
        "few": few,
        "mean": tft.mean(count) + tf.cast(count, tf.float32),
        "range": tf.stack([dense - tft.min(dense), tft.max(dense) - dense], axis=1),
        "distance": tf.cast(count - tft.sum(count), tf.int64),
    }
