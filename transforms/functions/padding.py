"""Makes a row's bits independent of its batch.

`Trace.steady` does so for declared features.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import op_def_registry

from shardmill.transforms.functions.canonical import rename_calls
from shardmill.transforms.kinds.base import Tensor

# Elementwise operations of which TensorFlow computes the last elements, which don't fill a SIMD
# register, with another implementation.
_UNARY = (
    *("Acos", "Asin", "Atan", "Atanh", "Cos", "Erf", "Erfc", "Erfinv", "Exp", "Expm1", "Inv", "Log", "Log1p", "Ndtri"),
    *("Reciprocal", "Rsqrt", "Sigmoid", "Sin", "Softplus", "Tanh"),
)
_BINARY = ("Atan2", "Pow", "Xlog1py", "Xlogy")
_FLOATS = {each.as_datatype_enum: each for each in (tf.float32, tf.float64)}
# Begins the names of functions that are steady.
_PREFIX = "steady_"
# Elements of padding: as many as the widest SIMD register holds.
_PADDING = 16


def steady(graph_def: Any, is_scalar: Callable[[str], bool]) -> None:
    """Replaces elementwise operations by calls that pad their tensors.

    In functions that the graph calls, loops and conditions among them, only operations on one
    tensor are replaced.

    Args:
        graph_def: A `GraphDef`; changed in place.
        is_scalar: Whether a tensor, by its name as an input, is known to be a scalar.
    """
    functions: dict[str, Any] = {}
    for node in graph_def.node:
        if node.op in (*_UNARY, *_BINARY) and node.attr["T"].type in _FLOATS:
            _call(node, [is_scalar(name) for name in _operands(node)], functions)
    # Functions that an earlier call has put into the graph are steady already.
    library = [each for each in graph_def.library.function if not each.signature.name.startswith(_PREFIX)]
    for function in library:
        renamed = {}
        for node in function.node_def:
            if node.op in _UNARY and node.attr["T"].type in _FLOATS:
                renamed[f"{node.name}:{op_def_registry.get(node.op).output_arg[0].name}:0"] = f"{node.name}:output:0"
                _call(node, [False], functions)
        _rename_tensors(function, renamed)
    _rename_functions(graph_def.node, library)
    graph_def.library.function.extend(functions[name] for name in sorted(functions))


def _operands(node: Any) -> Iterator[str]:
    return (name for name in node.input if not name.startswith("^"))


def _call(node: Any, scalars: Sequence[bool], functions: dict[str, Any]) -> None:
    """Makes a node call a function that pads.

    The function is made where it isn't there yet.
    """
    if all(scalars):
        return
    dtype = node.attr["T"].type
    name = _PREFIX + "_".join((node.op, *("scalar" if each else "tensor" for each in scalars), _FLOATS[dtype].name))
    if name not in functions:
        functions[name] = _padded(node.op, scalars, _FLOATS[dtype])
        functions[name].signature.name = name
    node.op = "PartitionedCall"
    node.attr.clear()
    for types, count in (("Tin", len(scalars)), ("Tout", 1)):
        node.attr[types].list.type.extend([dtype] * count)
    node.attr["f"].func.name = name


def _padded(op: str, scalars: Sequence[bool], dtype: Any) -> Any:
    def apply(*operands: Tensor) -> Tensor:
        raw = tf.raw_ops
        tensors = [each for each, scalar in zip(operands, scalars, strict=True) if not scalar]
        shape = reduce(lambda s0, s1: raw.BroadcastArgs(s0=s0, s1=s1), [raw.Shape(input=each) for each in tensors])
        size = raw.Prod(input=shape, axis=[0], keep_dims=True)
        padding = tf.ones([_PADDING], dtype)
        arguments = [
            each
            if scalar
            else raw.ConcatV2(values=[tf.reshape(raw.BroadcastTo(input=each, shape=shape), [-1]), padding], axis=0)
            for each, scalar in zip(operands, scalars, strict=True)
        ]
        return tf.identity(tf.reshape(raw.Slice(input=_apply(op, arguments), begin=[0], size=size), shape), "output")

    specs = [tf.TensorSpec([] if scalar else None, dtype) for scalar in scalars]
    found = tf.function(apply, autograph=False).get_concrete_function(*specs).function_def
    # The name that the call gives to its output.
    (given,) = found.signature.output_arg
    found.ret["output"] = found.ret.pop(given.name)
    given.name = "output"
    return found


def _apply(op: str, arguments: Sequence[Tensor]) -> Tensor:
    names = (argument.name for argument in op_def_registry.get(op).input_arg)
    return getattr(tf.raw_ops, op)(**dict(zip(names, arguments, strict=True)))


def _rename_tensors(function: Any, renamed: dict[str, str]) -> None:
    for node in function.node_def:
        node.input[:] = [renamed.get(name, name) for name in node.input]
    for key, name in function.ret.items():
        function.ret[key] = renamed.get(name, name)


def _rename_functions(nodes: Sequence[Any], library: Sequence[Any]) -> None:
    """Renames functions that were changed.

    TensorFlow has unchanged functions of these names already.
    """
    names = {each.signature.name: f"{_PREFIX}{each.signature.name}" for each in library}
    for function in library:
        function.signature.name = names[function.signature.name]
        rename_calls(function.node_def, names)
    rename_calls(nodes, names)
