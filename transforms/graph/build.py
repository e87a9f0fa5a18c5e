"""Builds the transform graph, a SavedModel.

The transform phase runs it, serving loads it, and TF Transform's `TFTransformOutput` opens it.

This folder's modules import TensorFlow's Python half; `transforms.graph.process` runs them in a
process of its own.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from shardmill.schemas.errors import OutputError
from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import ASSET_MAP, FEATURES_SCHEMA, LEARNED, TRANSFORM_FN, TRANSFORMED_METADATA
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.graph.derived_column import AnalyzedGraph, DeclaredGraph
from shardmill.transforms.graph.outputs import Analyzed, Declared
from shardmill.transforms.graph.save import save_model
from shardmill.transforms.graph.tfrecord_vocabularies import rewrite_assets
from shardmill.transforms.graph.vocabulary_files import write_assets
from shardmill.transforms.kinds.base import Learned
from shardmill.transforms.kinds.categorical.token_mode import is_mode

_TYPES = {"int64": schema_pb2.INT, "float32": schema_pb2.FLOAT, "bytes": schema_pb2.BYTES}


def build_graph(source: DeclaredGraph | AnalyzedGraph, folder: str) -> dict[str, Any]:
    """Writes the transform graph and its metadata.

    They are the folders `transform_fn/` (the SavedModel) and `transformed_metadata/` (schema.pbtxt,
    asset_map, and for declared features learned.json).

    Args:
        source: The graph's source.
        folder: A local folder, in which neither of the two folders exists yet.

    Returns:
        The content of `assets.extra/shardmill.json` in the SavedModel: for each signature its
        tensors by raw column and by feature; and the labels.

    Raises:
        ConfigError: An output of a TF Transform function has no known shape.
        DataError: The data can't be transformed as a feature says: a vocabulary is empty, or a
            column has no values.
        OutputError: A file can't be written.
    """
    # Kept in the graph's calls of functions: whoever runs it would optimize each of them first,
    # which takes 4 s for 1,000 features and makes none faster. Declared features compute the same
    # bits either way; a user's function may not (`x ** 2`), and servers optimize it.
    declared = isinstance(source, DeclaredGraph) and source.derive is None
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": declared})
    try:
        if isinstance(source, DeclaredGraph):
            return _build_declared(source, Path(folder))
        return _build_analyzed(source, Path(folder))
    except (OSError, tf.errors.OpError) as error:
        raise OutputError(f"can't write the transform graph to {folder!r}: {error}") from error


def _build_declared(source: DeclaredGraph, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="shardmill-assets-") as assets:
        statistics = rewrite_assets(source.kinds, write_assets(source.kinds, source.statistics, Path(assets)))
        derive = None if source.derive is None else Function.load(source.derive)
        transform = Declared(source.kinds, source.schema, statistics, derive, source.infinite)
        names = save_model(transform, folder / TRANSFORM_FN)
    asset_map = {
        name: Path(each.path).name for name, each in sorted(statistics.vocabularies.items()) if not is_mode(name)
    }
    _write_metadata(folder, _schema(transform.specs), json.dumps(asset_map, ensure_ascii=False, indent=1))
    learned = {kind.name: _finite(kind.learned(statistics)) for kind in source.kinds}
    text = json.dumps({name: numbers for name, numbers in learned.items() if numbers}, ensure_ascii=False, indent=1)
    (folder / LEARNED).write_text(text, encoding="utf-8")
    return names


def _finite(learned: Mapping[str, Learned]) -> dict[str, Learned]:
    """Leaves out numbers that JSON lacks."""
    return {name: numbers for name, numbers in learned.items() if np.isfinite(numbers).all()}


def _build_analyzed(source: AnalyzedGraph, folder: Path) -> dict[str, Any]:
    schema = text_format.Parse(source.metadata, schema_pb2.Schema())
    sparse_features = {feature.name for feature in schema.sparse_feature}
    function = Function.load(source.folder)
    transform = Analyzed(function, source.schema, source.labels, sparse_features, source.infinite)
    names = save_model(transform, folder / TRANSFORM_FN)
    asset_map = json.dumps(dict(sorted(source.asset_map.items())), ensure_ascii=False, indent=1)
    _write_metadata(folder, source.metadata, asset_map)
    return names


def _write_metadata(folder: Path, schema: str, asset_map: str) -> None:
    (folder / TRANSFORMED_METADATA).mkdir()
    (folder / FEATURES_SCHEMA).write_text(schema, encoding="utf-8")
    (folder / ASSET_MAP).write_text(asset_map, encoding="utf-8")


def _schema(specs: Sequence[FeatureSpec]) -> str:
    schema = schema_pb2.Schema(feature=[_feature(spec) for spec in sorted(specs, key=lambda spec: spec.name)])
    for name in sorted({spec.part_of for spec in specs if spec.part_of is not None}):
        indices, values = sorted(spec.name for spec in specs if spec.part_of == name)
        sparse = schema.sparse_feature.add(name=name, is_sorted=True)
        sparse.index_feature.add(name=indices)
        sparse.value_feature.name = values
    text: str = text_format.MessageToString(schema, as_utf8=True)
    return text


def _feature(spec: FeatureSpec) -> schema_pb2.Feature:
    feature = schema_pb2.Feature(name=spec.name, type=_TYPES[spec.dtype])
    if spec.shape is not None:
        # TF Transform reads a feature without them as one of varying length.
        feature.presence.min_fraction = 1
        feature.shape.SetInParent()
        for size in spec.shape:
            feature.shape.dim.add(size=size)
    if spec.minimum is not None and spec.maximum is not None:
        feature.int_domain.min, feature.int_domain.max = spec.minimum, spec.maximum
        if spec.is_categorical:
            feature.int_domain.is_categorical = True
    return feature
