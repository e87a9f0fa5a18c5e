"""Builds the transform graph: a SavedModel that the transform phase runs, serving loads, and TF Transform's `TFTransformOutput` opens.

The one module that imports TensorFlow's Python half; `transforms.tracing` runs it in a process of its own.
"""

import contextlib
import hashlib
import json
import keyword
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2
from tensorflow_metadata.proto.v0 import schema_pb2

from schemas.errors import OutputError
from schemas.schema import Column, ColumnType, Schema
from transforms import saved_model
from transforms.kinds.assets import asset_name, write_assets
from transforms.kinds.base import MISSING_INT, Kind, OutputSpec, TableKey, Tensor, Trace
from transforms.statistics import Statistics

TRANSFORM_FN = "transform_fn"
METADATA = "transformed_metadata"
NAMES_FILE = "assets.extra/shardmill.json"

_DTYPES = {ColumnType.INT: tf.int64, ColumnType.FLOAT: tf.float32, ColumnType.BYTES: tf.string}
_DTYPE_NAMES = {ColumnType.INT: "int64", ColumnType.FLOAT: "float32", ColumnType.BYTES: "bytes"}
_MISSING = {ColumnType.INT: MISSING_INT, ColumnType.FLOAT: float("nan"), ColumnType.BYTES: b""}
_PROTO_TYPES = {"int64": schema_pb2.INT, "float32": schema_pb2.FLOAT, "bytes": schema_pb2.BYTES}
# Argument names that TensorFlow's or Python's calls use themselves.
_TAKEN = frozenset({"self", "args", "kwargs", "examples"})


def build_graph(kinds: Sequence[Kind], schema: Schema, statistics: Statistics, folder: str) -> dict[str, Any]:
    """Writes `transform_fn/` (the SavedModel) and `transformed_metadata/` (schema.pbtxt, asset_map).

    Args:
        kinds: The features.
        schema: All raw columns.
        statistics: What the analysis found.
        folder: A local folder; the two must not be there yet.

    Returns:
        What `assets.extra/shardmill.json` in the SavedModel holds: for each signature its tensors by raw column and by feature.

    Raises:
        DataError: The data can't be used as a feature says: an empty vocabulary, a column without values.
        OutputError: A file can't be written.
    """
    with tempfile.TemporaryDirectory(prefix="shardmill-assets-") as assets:
        statistics = write_assets(kinds, statistics, Path(assets))
        outputs = {kind.name: kind.outputs(schema, statistics) for kind in kinds}
        model = _Model(tuple(kinds), schema, statistics, outputs)
        try:
            model.save(os.path.join(folder, TRANSFORM_FN))
            _write_metadata(Path(folder, METADATA), [spec for specs in outputs.values() for spec in specs], statistics)
            return _finish(Path(folder, TRANSFORM_FN), model)
        except (OSError, tf.errors.OpError) as error:
            raise OutputError(f"can't write the transform graph to {folder!r}: {error}") from error


@dataclass
class _Model:
    """The functions of one SavedModel."""

    kinds: tuple[Kind, ...]
    schema: Schema
    statistics: Statistics
    outputs: Mapping[str, tuple[OutputSpec, ...]]

    def __post_init__(self) -> None:
        features = [kind for kind in self.kinds if not kind.is_label]
        self.features = tuple(features)
        self.labels = tuple(kind for kind in self.kinds if kind.is_label)
        self.read = self._columns(self.kinds)
        self.served = self._columns(self.features)
        self.arguments = _argument_names(self.schema.names)
        self._assets: dict[str, Any] = {}
        self._tables: dict[TableKey, Any] = {}

    def save(self, folder: str) -> None:
        """Traces and saves everything."""
        core = _traced(self._core, self._specs(self.served))
        module = tf.Module()
        raw = {column.name: self._tft_spec(column) for column in self.schema}
        module.transform_fn = _traced(lambda inputs: self._tft(core, inputs), raw)
        signatures = {"transform": _traced(lambda inputs: self._transform(core, inputs), self._specs(self.read))}
        if self.features:
            signatures |= {"serving_default": core, "serve_examples": self._serve_examples(core)}
        module.assets = list(self._assets.values())
        module.tables = list(self._tables.values())
        with _quiet():
            tf.saved_model.save(module, folder, signatures=signatures)

    def _columns(self, kinds: Sequence[Kind]) -> tuple[Column, ...]:
        used = {column for kind in kinds for column in kind.columns}
        return tuple(column for column in self.schema if column.name in used)

    def _spec(self, column: Column) -> Any:
        return tf.TensorSpec([None], _DTYPES[column.type], name=self.arguments[column.name])

    def _specs(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {column.name: self._spec(column) for column in columns}

    def _tft_spec(self, column: Column) -> Any:
        """As TF Transform reads the raw schema: a column that may be missing is a sparse tensor."""
        return self._spec(column) if column.required else tf.SparseTensorSpec([None, None], _DTYPES[column.type])

    def _core(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self._build(self.features, inputs)

    def _tft(self, core: Any, inputs: Mapping[str, Any]) -> dict[str, Tensor]:
        dense = _dense({column: inputs[column.name] for column in self.read})
        return _inlined(core, {column.name: dense[column.name] for column in self.served}) | self._build(
            self.labels, dense
        )

    def _transform(self, core: Callable[..., Any], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs, by place; of bytes the joined bytes and their lengths, which are read without work for each cell."""
        built = core({column.name: inputs[column.name] for column in self.served})
        built |= self._build(self.labels, inputs)
        tensors: dict[str, Tensor] = {}
        for index, spec in enumerate(self.specs):
            values = built[spec.name]
            if spec.dtype == "bytes":
                tensors[f"{index}_lengths"] = tf.raw_ops.StringLength(input=values)
                values = tf.strings.reduce_join(values)
            tensors[str(index)] = values
        return tensors

    def _build(self, kinds: Sequence[Kind], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        trace = Trace(tf, inputs, self.statistics, self._table)
        return {name: tensor for kind in kinds for name, tensor in kind.build(trace).items()}

    @property
    def specs(self) -> tuple[OutputSpec, ...]:
        """The outputs of all features, in order."""
        return tuple(spec for kind in self.kinds for spec in self.outputs[kind.name])

    def _serve_examples(self, core: Callable[..., Any]) -> Any:
        columns = self.served

        def serve_examples(examples: Tensor) -> Any:
            # Rather than `tf.io.parse_example`: one operation, whose defaults are a constant for each type.
            missing = {kind: tf.constant(value, _DTYPES[kind]) for kind, value in _MISSING.items()}
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
            return core({column.name: values for column, values in zip(columns, parsed.dense_values, strict=True)})

        return tf.function(serve_examples, autograph=False).get_concrete_function(
            tf.TensorSpec([None], tf.string, name="examples")
        )

    def _table(self, key: TableKey) -> Any:
        if key not in self._tables:
            # Outside of the function that is being traced: one table for all functions.
            with tf.init_scope():
                self._tables[key] = self._new_table(key)
        return self._tables[key]

    def _new_table(self, key: TableKey) -> Any:
        path = self.statistics.vocabularies[key.vocabulary].path
        if key.vocabulary not in self._assets:
            self._assets[key.vocabulary] = tf.saved_model.Asset(path)
        initializer = _Tokens(self._assets[key.vocabulary].asset_path, f"{asset_name(key.vocabulary)}_{_digest(path)}")
        if key.num_oov_buckets:
            return tf.lookup.StaticVocabularyTable(initializer, key.num_oov_buckets, lookup_key_dtype=tf.string)
        return tf.lookup.StaticHashTable(initializer, key.default_value)


class _Tokens(tf.lookup.TextFileInitializer):  # type: ignore[misc]
    """From a file's lines to their numbers, in a table whose name depends on the vocabulary's name and tokens only."""

    def __init__(self, path: Any, shared_name: str) -> None:
        super().__init__(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER
        )
        self._name_of_table = shared_name

    @property
    def _shared_name(self) -> str:
        return self._name_of_table


def _traced(function: Callable[[Mapping[str, Any]], dict[str, Tensor]], specs: Mapping[str, Any]) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(dict(specs))


def _inlined(function: Any, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A traced function's operations in the graph that is being traced.

    Not by a call: TF Transform follows the operations to find which outputs need which inputs.
    """
    graph = tf.compat.v1.get_default_graph()
    # Both in the order of the sorted keys.
    fed = dict(zip((tensor.name for tensor in function.inputs), tf.nest.flatten(dict(inputs)), strict=False))
    fed |= {inside.name: graph.capture(outside) for outside, inside in function.graph.captures}
    names = [tensor.name for tensor in function.outputs]
    tensors = tf.graph_util.import_graph_def(
        function.graph.as_graph_def(), input_map=fed, return_elements=names, name=""
    )
    built: dict[str, Tensor] = tf.nest.pack_sequence_as(function.structured_outputs, tensors)
    return built


def _dense(values: Mapping[Column, Any]) -> dict[str, Tensor]:
    """By name, raw features as dense tensors, with what stands for missing ones."""
    raw = tf.raw_ops
    missing = {kind: tf.constant(value, _DTYPES[kind]) for kind, value in _MISSING.items()}
    first, one, all_rows, one_column = (tf.constant(value) for value in ([0], [1], [0, 0], [-1, 1]))
    dense: dict[str, Tensor] = {}
    for column, value in values.items():
        dense[column.name] = value
        if isinstance(value, tf.SparseTensor):
            dense[column.name] = raw.SparseToDense(
                sparse_indices=raw.Slice(input=value.indices, begin=all_rows, size=one_column),
                output_shape=raw.Slice(input=value.dense_shape, begin=first, size=one),
                sparse_values=value.values,
                default_value=missing[column.type],
                validate_indices=False,
            )
            dense[column.name].set_shape([None])
    return dense


def _argument_names(columns: Sequence[str]) -> dict[str, str]:
    """Python names for columns: their own where they are such, else made from them; all different, in lower case too."""
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


def _write_metadata(folder: Path, specs: Sequence[OutputSpec], statistics: Statistics) -> None:
    folder.mkdir()
    features = [_feature(spec) for spec in sorted(specs, key=lambda spec: spec.name)]
    text = text_format.MessageToString(schema_pb2.Schema(feature=features), as_utf8=True)
    (folder / "schema.pbtxt").write_text(text, encoding="utf-8")
    asset_map = {name: asset_name(name) for name in sorted(statistics.vocabularies)}
    (folder / "asset_map").write_text(json.dumps(asset_map, ensure_ascii=False, indent=1), encoding="utf-8")


def _feature(spec: OutputSpec) -> schema_pb2.Feature:
    feature = schema_pb2.Feature(name=spec.name, type=_PROTO_TYPES[spec.dtype])
    feature.presence.min_fraction = 1
    feature.shape.SetInParent()
    for size in spec.shape:
        feature.shape.dim.add(size=size)
    if spec.minimum is not None and spec.maximum is not None:
        feature.int_domain.min, feature.int_domain.max = spec.minimum, spec.maximum
        if spec.is_categorical:
            feature.int_domain.is_categorical = True
    return feature


def _finish(folder: Path, model: _Model) -> dict[str, Any]:
    """Gives the signatures' inputs the columns' names, makes the files reproducible, and writes down the tensors' names."""
    path = folder / "saved_model.pb"
    proto = saved_model_pb2.SavedModel()
    proto.ParseFromString(path.read_bytes())
    saved_model.number_functions(proto.meta_graphs[0])
    signatures = proto.meta_graphs[0].signature_def
    columns = {argument: column for column, argument in model.arguments.items()}
    dtypes = {column.name: _DTYPE_NAMES[column.type] for column in model.schema}
    labels = {label.name for label in model.labels}
    served = {spec.name: spec for name, specs in model.outputs.items() if name not in labels for spec in specs}
    outputs = {"serving_default": served, "transform": {str(place): spec for place, spec in enumerate(model.specs)}}
    for name in outputs:
        if name in signatures:
            saved_model.name_inputs(signatures[name], columns)
    path.write_bytes(proto.SerializeToString(deterministic=True))
    _replace_fingerprint(folder / "fingerprint.pb", path)
    found = {
        name: saved_model.tensor_names(signatures[name], dtypes, specs)
        for name, specs in outputs.items()
        if name in signatures
    }
    names: dict[str, Any] = {"signatures": found}
    target = folder / NAMES_FILE
    target.parent.mkdir()
    target.write_text(json.dumps(names, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return names


def _replace_fingerprint(path: Path, model: Path) -> None:
    """A fingerprint without its random part."""
    fingerprint = fingerprint_pb2.FingerprintDef()
    fingerprint.ParseFromString(path.read_bytes())
    fingerprint.saved_model_checksum = int(_digest(str(model)), 16)
    fingerprint.uuid = _digest(str(model))
    path.write_bytes(fingerprint.SerializeToString(deterministic=True))


def _digest(path: str) -> str:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """TensorFlow says where it saved to; we say that ourselves."""
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        yield
    finally:
        logger.setLevel(level)
