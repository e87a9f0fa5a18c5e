"""Vocabularies as gzip files of TFRecords.

They are what TF Transform writes and reads with the same option.
"""

import dataclasses
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from shardmill.transforms.graph.vocabulary_files import TFRECORD_SUFFIX
from shardmill.transforms.kinds.base import Kind, Tensor
from shardmill.transforms.kinds.categorical.vocabulary import TFRECORD, VocabularyKind
from shardmill.transforms.statistics.requests import Statistics

_GZIP = "GZIP"
# Bytes read at a time.
_BUFFER = 256 << 10


def rewrite_assets(kinds: Iterable[Kind], statistics: Statistics) -> Statistics:
    """Rewrites text files of vocabularies whose format is TFRecord.

    Args:
        kinds: The features.
        statistics: The results of the analysis, with the vocabularies' files.

    Returns:
        The statistics with the files' new paths.
    """
    vocabularies = dict(statistics.vocabularies)
    names = {
        kind.vocabulary: None for kind in kinds if isinstance(kind, VocabularyKind) and kind.file_format == TFRECORD
    }
    for name in names:
        if name is not None:
            text = vocabularies[name].path
            # TensorFlow's own writer makes no Python object of a token.
            tf.data.experimental.TFRecordWriter(text + TFRECORD_SUFFIX, _GZIP).write(tf.data.TextLineDataset(text))
            Path(text).unlink()
            vocabularies[name] = dataclasses.replace(vocabularies[name], path=text + TFRECORD_SUFFIX)
    return dataclasses.replace(statistics, vocabularies=vocabularies)


def fill_table(table: Tensor, path: Tensor) -> None:
    """Fills a table from a file when the graph loads.

    Args:
        table: The table's resource.
        path: The file's path, a string.
    """
    # The default size, which TensorFlow logs if it isn't given.
    tokens = tf.data.TFRecordDataset(path, _GZIP, buffer_size=_BUFFER)
    numbers = tf.data.Dataset.range(tf.int64.max)
    pairs = tf.data.Dataset.zip((tokens, numbers))
    tf.raw_ops.InitializeTableFromDataset(table_handle=table, dataset=pairs._variant_tensor)  # noqa: SLF001 (TensorFlow's own initializer takes it so)
