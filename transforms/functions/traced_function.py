"""A traced function, whose operations are put into another graph.

It takes raw columns, returns outputs, and comes from a SavedModel or from tracing.
"""

from collections.abc import Collection, Mapping
from functools import cached_property
from typing import Any

import tensorflow as tf

from shardmill.transforms.functions.own_texts import own_texts
from shardmill.transforms.functions.padding import steady
from shardmill.transforms.kinds.base import Tensor

# Attributes of a SavedModel that a function needs besides its operations: tables, their files,
# objects that TF Transform tracks.
_KEPT = ("kept", "assets", "initializers", "resources", "trackable_objects", "created_variables")
# Table look-ups. A function's outputs all wait for every look-up, which changes nothing.
_READS = ("LookupTableFindV2", "LookupTableSizeV2")
# Operations that divide by their second input.
_DIVISIONS = ("RealDiv", "Div", "DivNoNan", "Xdivy")
_FLOATS = (tf.float32.as_datatype_enum, tf.float64.as_datatype_enum)


class Function:
    """A traced function from raw columns to outputs.

    It takes a dict of raw columns and returns a dict of outputs.

    Its operations are put into the graph that is being traced rather than called, so only the
    operations run that the wanted outputs need, and TF Transform can follow which outputs need
    which inputs.
    """

    def __init__(self, concrete: Any, kept: tuple[Any, ...] = ()) -> None:
        """Takes a function.

        Args:
            concrete: A ConcreteFunction of a dict of (sparse) tensors, by raw column.
            kept: Objects that must be saved along with the operations.
        """
        self._concrete = concrete
        self.kept = kept

    @classmethod
    def load(cls, folder: str) -> "Function":
        """Loads the `transform_fn` of a SavedModel."""
        loaded = tf.saved_model.load(folder)
        return cls(loaded.transform_fn, tuple(getattr(loaded, name) for name in _KEPT if hasattr(loaded, name)))

    @property
    def outputs(self) -> dict[str, Any]:
        """The type specs of the outputs, by name."""
        return dict(self._concrete.structured_outputs)

    @cached_property
    def dependencies(self) -> dict[str, frozenset[str]]:
        """The raw columns from which each output is computed."""
        owners = {tensor.op.name: column for column, tensors in self._inputs.items() for tensor in tensors}
        return {
            name: frozenset(owners[each] for each in self._ancestors(tensors) if each in owners)
            for name, tensors in self._tensors.items()
        }

    def inline(self, inputs: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
        """Puts the operations of some outputs into the graph.

        It is the graph that is being traced.

        Args:
            inputs: The raw columns from which these outputs are computed, as the function takes
                them.
            names: The names of the outputs.

        Returns:
            The outputs, by name.
        """
        wanted = {name: tensors for name, tensors in self._tensors.items() if name in names}
        flat = [tensor for tensors in wanted.values() for tensor in tensors]
        kept = self._ancestors(flat)
        whole = self._concrete.graph.as_graph_def()
        nodes = [node for node in whole.node if node.name in kept]
        for node in nodes:
            node.input[:] = [name for name in node.input if name[0] != "^" or name[1:] in kept]
        graph_def = tf.compat.v1.GraphDef(node=nodes, versions=whole.versions, library=whole.library)
        _hide_divisors(graph_def)
        own_texts(graph_def)
        steady(graph_def, self._is_scalar)
        names = [tensor.name for tensor in flat]
        found = iter(
            tf.graph_util.import_graph_def(graph_def, self._feeds(inputs, kept), names, name="") if flat else ()
        )
        return {name: self._packed(name, [next(found) for _ in tensors]) for name, tensors in wanted.items()}

    def _packed(self, name: str, tensors: list[Tensor]) -> Any:
        specs = tf.nest.flatten(self.outputs[name], expand_composites=True)
        for tensor, spec in zip(tensors, specs, strict=True):
            # TensorFlow doesn't know the shape of a lookup in a table from outside the graph.
            tensor.set_shape(spec.shape)
        return tf.nest.pack_sequence_as(self.outputs[name], tensors, expand_composites=True)

    def _feeds(self, inputs: Mapping[str, Any], kept: Collection[str]) -> dict[str, Tensor]:
        feeds = {
            placeholder.name: fed
            for column, placeholders in self._inputs.items()
            if column in inputs
            for placeholder, fed in zip(
                placeholders, tf.nest.flatten(inputs[column], expand_composites=True), strict=True
            )
        }
        graph = tf.compat.v1.get_default_graph()
        for outside, inside in self._concrete.graph.captures:
            if inside.op.name in kept:
                feeds[inside.name] = _hidden(graph.capture(outside))
        return {name: tensor for name, tensor in feeds.items() if name.rpartition(":")[0] in kept}

    @cached_property
    def _inputs(self) -> dict[str, list[Tensor]]:
        """The placeholders of each raw column.

        A dense tensor has one, a sparse tensor three.
        """
        (columns,), _ = self._concrete.structured_input_signature
        placeholders = iter(self._concrete.inputs)
        return {
            column: [next(placeholders) for _ in tf.nest.flatten(columns[column], expand_composites=True)]
            for column in sorted(columns)
        }

    @cached_property
    def _tensors(self) -> dict[str, list[Tensor]]:
        """The tensors of each output."""
        found = iter(self._concrete.outputs)
        return {
            name: [next(found) for _ in tf.nest.flatten(self.outputs[name], expand_composites=True)]
            for name in sorted(self.outputs)
        }

    def _is_scalar(self, name: str) -> bool:
        tensor = self._concrete.graph.get_tensor_by_name(name if ":" in name else f"{name}:0")
        return bool(tensor.shape.rank == 0)

    @staticmethod
    def _ancestors(tensors: Collection[Tensor]) -> set[str]:
        pending = [tensor.op for tensor in tensors]
        found = {operation.name for operation in pending}
        while pending:
            operation = pending.pop()
            waited = (each for each in operation.control_inputs if each.type not in _READS)
            for before in (*(tensor.op for tensor in operation.inputs), *waited):
                if before.name not in found:
                    found.add(before.name)
                    pending.append(before)
        return found


def _hidden(tensor: Tensor) -> Tensor:
    """A number that TensorFlow's optimizer can't fold.

    See `Trace.hidden`.
    """
    if not tensor.dtype.is_floating:
        return tensor
    return tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tensor.shape)


def _hide_divisors(graph_def: Any) -> None:
    """Hides constant divisors from TensorFlow's optimizer.

    They are constants of the function's own operations; otherwise it does as `_hidden`.
    """
    constants = {node.name: node for node in graph_def.node if node.op == "Const"}
    hidden: set[str] = set()
    for node in graph_def.node:
        divisor = constants.get(node.input[1]) if node.op in _DIVISIONS else None
        if divisor is not None and divisor.attr["dtype"].type in _FLOATS:
            hidden.add(divisor.name)
            node.input[1] = f"{divisor.name}/hidden"
    for name in sorted(hidden):
        constant = constants[name]
        node = graph_def.node.add(name=f"{name}/hidden", op="PlaceholderWithDefault", input=[name])
        node.attr["dtype"].CopyFrom(constant.attr["dtype"])
        node.attr["shape"].shape.CopyFrom(constant.attr["value"].tensor.tensor_shape)
