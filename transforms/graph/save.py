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

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import fingerprint_pb2, saved_model_pb2

from shardmill.schemas.features import FeatureSpec
from shardmill.schemas.run_folder import NAMES_FILE
from shardmill.schemas.schema import FOLD, Column, ColumnType
from shardmill.transforms.functions import canonical
from shardmill.transforms.functions.canonical import file_digest, row_lengths_key
from shardmill.transforms.functions.columns import DTYPES, MISSING, output_columns
from shardmill.transforms.graph.outputs import Block, Transform
from shardmill.transforms.graph.stacks import Stacks, stack, unstack
from shardmill.transforms.kinds.base import Tensor

_DTYPE_NAMES = {ColumnType.INT: "int64", ColumnType.FLOAT: "float32", ColumnType.BYTES: "bytes"}
# Argument names that TensorFlow's or Python's calls use themselves.
_TAKEN = frozenset({"self", "args", "kwargs", "examples"})


def save_model(transform: Transform, folder: Path) -> dict[str, Any]:
    """Writes the SavedModel of a transform.

    It has these signatures. `transform`, which the transform phase runs, takes and returns few
    tensors, whose rows are columns and outputs. `serving_default` (raw columns by name) and
    `serve_examples` (serialized `tf.train.Example`s of them) have all outputs but the labels, by
    name. Where there are derived columns, `derive` has them by position; it decides which rows are
    accepted. `transform_fn` is TF Transform's function.

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
        served = {column.name for column in transform.served}
        # The columns in each input of `transform`: those of the core, then those of labels alone.
        self.core_stacks = [*transform.stacks, *([(FOLD,)] if transform.folded else [])]
        self.stacks = [*self.core_stacks, *((each.name,) for each in transform.read if each.name not in served)]
        # The outputs in each output of `transform`: those of the core, then labels; set when they
        # are traced.
        self.blocks: list[tuple[FeatureSpec, ...]] = []
        self.labels: list[tuple[FeatureSpec, ...]] = []
        self.label_columns: dict[str, list[str]] = {}
        self.derived: list[FeatureSpec] = []

    def save(self, folder: Path) -> None:
        """Traces and saves all functions."""
        transform = self.transform
        core = _traced(self._core, self._stack_specs(len(self.core_stacks)))
        features = _traced(lambda inputs: self._features(core, inputs), self._specs(transform.served))
        module = tf.Module()
        raw = {column.name: transform.spec(column) for column in transform.schema}
        module.transform_fn = _traced(self._transform_fn, raw)
        signatures = {
            "transform": _traced(lambda inputs: self._transform(core, inputs), self._stack_specs(len(self.stacks)))
        }
        if self.blocks:
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

    def _stack_specs(self, size: int) -> dict[str, Any]:
        specs: dict[str, Any] = {}
        for index, names in enumerate(self.stacks[:size]):
            shape = [None] if len(names) == 1 else [len(names), None]
            dtype = tf.int64 if names[0] == FOLD else DTYPES[self.transform.schema[names[0]].type]
            specs[_stack(index)] = tf.TensorSpec(shape, dtype, name=_stack(index))
        return specs

    def _core(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs but the labels, in blocks by position."""
        stacks = Stacks({names: inputs[_stack(index)] for index, names in enumerate(self.core_stacks)})
        blocks = self.transform.build_blocks(stacks)
        self.blocks = [block.specs for block in blocks]
        return _by_position(blocks)

    def _features(self, core: Callable[..., Any], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs but the labels, by name."""
        stacks = enumerate(self.transform.stacks)
        stacked = {_stack(index): stack([inputs[name] for name in names]) for index, names in stacks}
        if self.transform.folded:
            like = next(iter(inputs.values()))
            stacked[_stack(len(stacked))] = tf.raw_ops.Fill(dims=tf.raw_ops.Shape(input=like), value=np.int64(-1))
        built = core(stacked)
        tensors: dict[str, Tensor] = {}
        for index, specs in enumerate(self.blocks):
            rows = unstack(built[str(index)], len(specs))
            tensors |= {spec.name: row for spec, row in zip(specs, rows, strict=True)}
            if specs[0].shape is None:
                tensors[row_lengths_key(specs[0].name)] = built[row_lengths_key(str(index))]
        return tensors

    def _transform(self, core: Callable[..., Any], inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """All outputs by position, labels last.

        A signature's key can't hold every name.
        """
        tensors = dict(core({_stack(index): inputs[_stack(index)] for index in range(len(self.core_stacks))}))
        stacks = Stacks({names: inputs[_stack(index)] for index, names in enumerate(self.stacks)})
        built = self.transform.build_columns(stacks, labels=True)
        labels = [Block((spec,), values, lengths) for columns in built.values() for spec, values, lengths in columns]
        self.labels = [block.specs for block in labels]
        self.label_columns = {
            spec.name: list(self.transform.labels[name]) for name, columns in built.items() for spec, _, _ in columns
        }
        return tensors | _by_position(labels, len(self.blocks))

    def _derive(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The derived columns, by position."""
        function = self.transform.derived
        assert function is not None
        built = [
            output_columns(name, value, ())[0] for name, value in function.inline(inputs, function.outputs).items()
        ]
        self.derived = [spec for spec, _, _ in built]
        return {str(index): tensor for index, (_, tensor, _) in enumerate(built)}

    def _transform_fn(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self.transform.transform_fn({column.name: inputs[column.name] for column in self.transform.read})

    @property
    def stacked(self) -> dict[str, str]:
        """The raw columns, each with its input of `transform`."""
        return {name: _stack(index) for index, names in enumerate(self.stacks) for name in names}

    @property
    def outputs(self) -> dict[str, list[tuple[FeatureSpec, str]]]:
        """For each signature its outputs, each with its key."""
        served = self.transform.ordered(spec for specs in self.blocks for spec in specs)
        labels = [spec for specs in self.labels for spec in specs]
        keys = {spec.name: str(index) for index, specs in enumerate([*self.blocks, *self.labels]) for spec in specs}
        return {
            "serving_default": [(spec, spec.name) for spec in served],
            "transform": [(spec, keys[spec.name]) for spec in [*served, *labels]],
            "derive": [(spec, str(index)) for index, spec in enumerate(self.derived)],
        }

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


def _stack(index: int) -> str:
    """The name of a tensor of stacked columns."""
    return f"stack_{index}"


def _by_position(blocks: Sequence[Block], first: int = 0) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = {}
    for index, block in enumerate(blocks, first):
        tensors[str(index)] = block.tensor
        if block.row_lengths is not None:
            tensors[row_lengths_key(str(index))] = block.row_lengths
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
    columns |= {key: key for key in model.stacked.values()}
    outputs = model.outputs
    for name in outputs:
        if name in signatures:
            canonical.name_inputs(signatures[name], columns)
    canonical.name_keywords(meta_graph.object_graph_def, columns)
    canonical.name_tables(
        meta_graph, {each.name: file_digest(each) for each in (folder / "assets").iterdir() if each.is_file()}
    )
    path.write_bytes(proto.SerializeToString(deterministic=True))
    _replace_fingerprint(folder / "fingerprint.pb", path)
    dtypes = {column.name: _DTYPE_NAMES[column.type] for column in model.transform.schema}
    alone = {name: name for name in dtypes}
    dtypes[FOLD] = _DTYPE_NAMES[ColumnType.INT]
    found = {
        name: canonical.tensor_names(signatures[name], model.stacked if name == "transform" else alone, dtypes, keys)
        for name, keys in outputs.items()
        if name in signatures
    }
    names: dict[str, Any] = {"signatures": found, "labels": model.label_columns}
    if model.transform.folded:
        names["folded"] = list(model.transform.folded)
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
