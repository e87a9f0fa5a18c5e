"""Saves a transform as a reproducible SavedModel.

Its bytes depend on its content alone.
"""

import contextlib
import json
import keyword
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import NAMES_FILE
from shardmill.schemas.schema import Column, ColumnType
from shardmill.transforms.functions import canonical
from shardmill.transforms.functions.canonical import file_digest, row_lengths_key
from shardmill.transforms.functions.columns import DTYPES, MISSING, output_columns
from shardmill.transforms.functions.traced_function import Function
from shardmill.transforms.graph.outputs import Transform
from shardmill.transforms.kinds.base import Tensor

_DTYPE_NAMES = {ColumnType.INT: "int64", ColumnType.FLOAT: "float32", ColumnType.BYTES: "bytes"}
# Argument names that TensorFlow's or Python's calls use themselves.
_TAKEN = frozenset({"self", "args", "kwargs", "examples"})


def save_model(transform: Transform, folder: Path) -> dict[str, Any]:
    """Writes the SavedModel of a transform.

    It has these signatures. `transform`, which the transform phase runs, has all outputs by
    position. `serving_default` (raw columns by name) and `serve_examples` (serialized
    `tf.train.Example`s of them) have all outputs but the labels. Where there are derived columns,
    `derive` has them by position; it decides which rows are accepted. `transform_fn` is TF
    Transform's function.

    Args:
        transform: The transform.
        folder: The SavedModel's folder, which doesn't exist yet.

    Returns:
        The content of `assets.extra/shardmill.json` in it.
    """
    model = _Model(transform)
    model.save(folder)
    return _finish(folder, model)


class _Model:
    """The functions of one SavedModel."""

    def __init__(self, transform: Transform) -> None:
        self.transform = transform
        self.arguments = _argument_names(transform.schema.names)
        # The columns of the outputs, in order; set when they are traced.
        self.features: list[FeatureSpec] = []
        self.labels: list[FeatureSpec] = []
        self.label_columns: dict[str, list[str]] = {}
        self.derived: list[FeatureSpec] = []

    def save(self, folder: Path) -> None:
        """Traces and saves all functions."""
        transform = self.transform
        features = _traced(self._features, self._specs(transform.served))
        module = tf.Module()
        raw = {column.name: transform.spec(column) for column in transform.schema}
        module.transform_fn = _traced(lambda inputs: self._transform_fn(features, inputs), raw)
        signatures = {
            "transform": _traced(lambda inputs: self._transform(features, inputs), self._specs(transform.read))
        }
        if self.features:
            # Keras's `TFSMLayer` calls `serve` by default, with a dictionary; a signature only
            # takes arguments with Python's names.
            module.serve = features
            signatures |= {"serving_default": features, "serve_examples": self._serve_examples(features)}
        if transform.derived is not None:
            signatures["derive"] = _traced(self._derive, self._specs(_sources(transform)))
        module.kept = transform.kept
        with _quiet():
            tf.saved_model.save(module, str(folder), signatures=signatures)

    def _specs(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {
            column.name: tf.TensorSpec([None], DTYPES[column.type], name=self.arguments[column.name])
            for column in columns
        }

    def _features(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs but the labels, by name."""
        built = self.transform.build_columns(inputs, labels=False)
        self.features = [spec for columns in built.values() for spec, _, _ in columns]
        return _by_key(column for columns in built.values() for column in columns)

    def _labels(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        built = self.transform.build_columns(inputs, labels=True)
        self.labels = [spec for columns in built.values() for spec, _, _ in columns]
        self.label_columns = {
            spec.name: list(self.transform.labels[name]) for name, columns in built.items() for spec, _, _ in columns
        }
        return _by_key(column for columns in built.values() for column in columns)

    def _transform(self, features: Callable[..., Any], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs by position.

        A signature's key can't hold every name.
        """
        built = features({column.name: inputs[column.name] for column in self.transform.served})
        built |= self._labels(inputs)
        tensors: dict[str, Tensor] = {}
        for index, spec in enumerate(self.specs):
            tensors[str(index)] = built[spec.name]
            if spec.shape is None:
                tensors[row_lengths_key(str(index))] = built[row_lengths_key(spec.name)]
        return tensors

    def _derive(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The derived columns, by position."""
        function = self.transform.derived
        assert function is not None
        built = [
            output_columns(name, value, ())[0] for name, value in function.inline(inputs, function.outputs).items()
        ]
        self.derived = [spec for spec, _, _ in built]
        return {str(index): tensor for index, (_, tensor, _) in enumerate(built)}

    def _transform_fn(self, features: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self.transform.transform_fn(
            Function(features), {column.name: inputs[column.name] for column in self.transform.read}
        )

    @property
    def specs(self) -> list[FeatureSpec]:
        """The columns of all outputs, labels last."""
        return [*self.features, *self.labels]

    def _serve_examples(self, features: Callable[..., Any]) -> Any:
        columns = self.transform.served

        def serve_examples(examples: Tensor) -> Any:
            # Rather than `tf.io.parse_example`: this is one operation, with one constant as default
            # for each type.
            missing = {kind: tf.constant(value, DTYPES[kind]) for kind, value in MISSING.items()}
            parsed = tf.raw_ops.ParseExampleV2(
                serialized=examples,
                names=tf.constant([], tf.string),
                sparse_keys=tf.constant([], tf.string),
                dense_keys=tf.constant([column.name for column in columns], tf.string),
                ragged_keys=tf.constant([], tf.string),
                dense_defaults=[missing[column.type] for column in columns],
                num_sparse=0,
                sparse_types=[],
                ragged_value_types=[],
                ragged_split_types=[],
                dense_shapes=[[]] * len(columns),
            )
            return features({column.name: values for column, values in zip(columns, parsed.dense_values, strict=True)})

        return tf.function(serve_examples, autograph=False).get_concrete_function(
            tf.TensorSpec([None], tf.string, name="examples")
        )


def _sources(transform: Transform) -> list[Column]:
    """The raw columns from which derived ones are made."""
    needs = transform.derived.dependencies if transform.derived is not None else {}
    return [column for column in transform.schema if any(column.name in names for names in needs.values())]


def _by_key(columns: Iterator[tuple[FeatureSpec, Tensor, Tensor | None]]) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for spec, values, row_lengths in columns:
        tensors[spec.name] = values
        if row_lengths is not None:
            tensors[row_lengths_key(spec.name)] = row_lengths
    return tensors


def _traced(function: Callable[[Mapping[str, Any]], dict[str, Tensor]], specs: Mapping[str, Any]) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(dict(specs))


def _argument_names(columns: Sequence[str]) -> dict[str, str]:
    """Python argument names for columns.

    A column whose name is a valid argument keeps it; others get one made from their name. All
    differ, even in lower case.
    """
    own = {name.lower(): name for name in reversed(columns) if _is_argument(name)}
    names = {name: name for name in own.values()}
    taken = {*own, *_TAKEN}
    for index, name in enumerate(columns):
        if name not in names:
            made = "c_" + re.sub(r"[^A-Za-z0-9]+", "_", name)[:40].strip("_")
            while made.lower() in taken:
                made = f"{made}_{index}"
            names[name] = made
            taken.add(made.lower())
    return names


def _is_argument(name: str) -> bool:
    return (
        re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) is not None
        and not keyword.iskeyword(name)
        and name.lower() not in _TAKEN
    )


def _finish(folder: Path, model: _Model) -> dict[str, Any]:
    """Makes the files reproducible and writes the tensors' names.

    It also names the signatures' inputs after the columns.
    """
    path = folder / "saved_model.pb"
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString(path.read_bytes())
    meta_graph = proto.meta_graphs[0]
    canonical.number_functions(meta_graph)
    signatures = meta_graph.signature_def
    columns = {argument: column for column, argument in model.arguments.items()}
    dtypes = {column.name: _DTYPE_NAMES[column.type] for column in model.transform.schema}
    served = {spec.name: spec for spec in model.features}
    outputs = {
        "serving_default": served,
        "transform": {str(index): spec for index, spec in enumerate(model.specs)},
        "derive": {str(index): spec for index, spec in enumerate(model.derived)},
    }
    for name in outputs:
        if name in signatures:
            canonical.name_inputs(signatures[name], columns)
    canonical.name_keywords(meta_graph.object_graph_def, columns)
    canonical.name_tables(
        meta_graph, {each.name: file_digest(each) for each in (folder / "assets").iterdir() if each.is_file()}
    )
    path.write_bytes(proto.SerializeToString(deterministic=True))
    _replace_fingerprint(folder / "fingerprint.pb", path)
    found = {
        name: canonical.tensor_names(signatures[name], dtypes, specs)
        for name, specs in outputs.items()
        if name in signatures
    }
    names: dict[str, Any] = {"signatures": found, "labels": model.label_columns}
    target = folder / NAMES_FILE
    target.parent.mkdir()
    target.write_text(json.dumps(names, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return names


def _replace_fingerprint(path: Path, model: Path) -> None:
    """Replaces the fingerprint by one without a random part.

    It is the fingerprint of the model after the changes.
    """
    fingerprint = fingerprint_pb2.FingerprintDef()
    fingerprint.ParseFromString(path.read_bytes())
    digest = file_digest(model)
    for field in ("saved_model_checksum", "graph_def_program_hash", "signature_def_hash", "saved_object_graph_hash"):
        setattr(fingerprint, field, int(digest, 16))
    fingerprint.uuid = digest
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences TensorFlow's message about where it saved.

    Our own messages say so.
    """
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
