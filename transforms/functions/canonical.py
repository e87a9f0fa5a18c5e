"""Makes a SavedModel's message depend on its content alone.

It also names its signatures' inputs after the columns.

The message is passed in: its class can't be imported without TensorFlow.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shardmill.schemas.features import FeatureSpec

# A name that ends with the numbers that TensorFlow counts with, e.g. `__inference_f_12`.
_COUNTED = re.compile(r"(.*?)(?:_\d+)+", re.DOTALL)
# TensorFlow's name of the operation that fills a table from keys and values; a function fills one
# table.
_INITIALIZER = re.compile(r"(key_value_init)\d+")
_WITHOUT_NUMBER = r"\1"
# Operations that make a table. In a process, tables of one name are one table.
_TABLES = ("HashTableV2", "MutableHashTableV2", "MutableDenseHashTableV2")


def number_functions(meta_graph: Any) -> None:
    """Renames and orders functions and their operations.

    TensorFlow numbers them by how many the process has traced before.

    Args:
        meta_graph: A `MetaGraphDef`; changed in place.
    """
    library = meta_graph.graph_def.library
    for function in library.function:
        _rename_in_function(function)
        _order_operations(function)
    matches = [_COUNTED.fullmatch(name) for name in _functions_in_use(meta_graph)]
    names = {match[0]: f"{match[1]}_{rank}" for rank, match in enumerate(matches) if match}
    for function in library.function:
        function.signature.name = names.get(function.signature.name, function.signature.name)
        rename_calls(function.node_def, names)
        for number in function.arg_attr:
            _forget_number(function.arg_attr[number].attr)
    ordered = sorted(library.function, key=lambda function: str(function.signature.name))
    copies = [function.SerializeToString(deterministic=True) for function in ordered]
    del library.function[:]
    for copy in copies:
        library.function.add().ParseFromString(copy)
    rename_calls(meta_graph.graph_def.node, names)
    _rename_objects(meta_graph.object_graph_def, names)


def _rename_in_function(function: Any) -> None:
    """Renumbers a function's captured inputs, constants and table initializers.

    TensorFlow names them by numbers that count through the process.
    """
    signature = function.signature
    names = {
        argument.name: f"captured_{index}"
        for index, argument in enumerate(signature.input_arg)
        if "_user_specified_name" not in function.arg_attr[index].attr
    }
    constants = sorted((node.name for node in function.node_def if node.name.isdigit()), key=int)
    names |= {name: f"constant_{rank}" for rank, name in enumerate(constants)}

    def renamed(reference: str) -> str:
        name, colon, output = reference.removeprefix("^").partition(":")
        control = "^" if reference.startswith("^") else ""
        return f"{control}{names.get(name) or _INITIALIZER.sub(_WITHOUT_NUMBER, name)}{colon}{output}"

    for each in (*function.node_def, *signature.input_arg):
        each.name = renamed(each.name)
    for node in function.node_def:
        node.input[:] = map(renamed, node.input)
    signature.control_output[:] = map(renamed, signature.control_output)
    for returned in (function.ret, function.control_ret):
        for key, name in list(returned.items()):
            del returned[key]
            returned[renamed(key)] = renamed(name)


def _order_operations(function: Any) -> None:
    """Orders a function's operations by name.

    A function that was loaded from a SavedModel has them in any order, which means nothing.
    Placeholders that were left when other tensors replaced them are removed.
    """
    nodes = (node for node in function.node_def if node.op != "Placeholder")
    copies = [node.SerializeToString() for node in sorted(nodes, key=lambda node: str(node.name))]
    del function.node_def[:]
    for copy in copies:
        function.node_def.add().ParseFromString(copy)


def _functions_in_use(meta_graph: Any) -> list[str]:
    """All functions, in the order of their first use.

    The graph and the saved objects are searched in turn.
    """
    library = {function.signature.name: function for function in meta_graph.graph_def.library.function}
    found: dict[str, None] = {}
    # The last one is taken first.
    pending = [*library, *_named_objects(meta_graph.object_graph_def), *_calls(meta_graph.graph_def.node)]
    while pending:
        name = pending.pop()
        if name in library and name not in found:
            found[name] = None
            pending += _calls(library[name].node_def)
    return list(found)


def _calls(nodes: Sequence[Any]) -> Iterator[str]:
    for node in nodes:
        for key in sorted(node.attr):
            yield from (called.name for called in _called(node.attr[key]))


def _named_objects(graph: Any) -> Iterator[str]:
    for node in graph.nodes:
        yield from node.function.concrete_functions
        yield node.bare_concrete_function.concrete_function_name


def rename_calls(nodes: Sequence[Any], names: Mapping[str, str]) -> None:
    """Renames the functions that operations call.

    Args:
        nodes: The operations; changed in place.
        names: The new names, by the old ones.
    """
    for node in nodes:
        for attribute in list(node.attr.values()):
            for called in _called(attribute):
                called.name = names.get(called.name, called.name)
        if node.op == "Placeholder":
            _forget_number(node.attr)


def _called(attribute: Any) -> Sequence[Any]:
    """The functions that an attribute names.

    They are a call's function, a condition's branches, or a loop's condition and body.
    """
    kind = attribute.WhichOneof("value")
    if kind == "func":
        return (attribute.func,)
    return tuple(attribute.list.func) if kind == "list" else ()


def _forget_number(attributes: Any) -> None:
    # Tables that a function captures are named by a running number.
    if "_user_specified_name" in attributes and attributes["_user_specified_name"].s.isdigit():
        attributes["_user_specified_name"].s = b"captured"


def _rename_objects(graph: Any, names: Mapping[str, str]) -> None:
    for node in graph.nodes:
        kind = node.WhichOneof("kind")
        if kind == "function":
            node.function.concrete_functions[:] = [names.get(name, name) for name in node.function.concrete_functions]
        elif kind == "bare_concrete_function":
            function = node.bare_concrete_function
            function.concrete_function_name = names.get(
                function.concrete_function_name, function.concrete_function_name
            )
    for old, new in names.items():
        if old in graph.concrete_functions and old != new:
            graph.concrete_functions[f"\0{new}"].CopyFrom(graph.concrete_functions[old])
            del graph.concrete_functions[old]
    for name in [name for name in graph.concrete_functions if name.startswith("\0")]:
        graph.concrete_functions[name[1:]].CopyFrom(graph.concrete_functions[name])
        del graph.concrete_functions[name]


def name_inputs(signature: Any, arguments: Mapping[str, str]) -> None:
    """Names a signature's inputs after the columns.

    Python's arguments can't have every name that a column can.

    Args:
        signature: A `SignatureDef`; changed in place.
        arguments: Each input's column by its argument.
    """
    inputs = {
        arguments[argument]: signature.inputs[argument].SerializeToString() for argument in list(signature.inputs)
    }
    signature.inputs.clear()
    for column, message in inputs.items():
        signature.inputs[column].ParseFromString(message)


def name_keywords(graph: Any, arguments: Mapping[str, str]) -> None:
    """Names the keywords of saved functions after the columns.

    They are the arguments of `signatures[...](**columns)` in Python.

    Args:
        graph: A `SavedObjectGraph`; changed in place.
        arguments: Each column by its argument.
    """
    for node in graph.nodes:
        if node.WhichOneof("kind") == "bare_concrete_function":
            keywords = node.bare_concrete_function.argument_keywords
            keywords[:] = [arguments.get(keyword, keyword) for keyword in keywords]


def name_tables(meta_graph: Any, assets: Mapping[str, str]) -> None:
    """Names tables by the model's content.

    Names that TensorFlow gives them have a random part (a temporary file's path, a UUID).

    Call it last: two models that differ in anything else get tables of different names.

    Args:
        meta_graph: A `MetaGraphDef`; changed in place.
        assets: The digest of each of the model's files, by name.
    """
    names: dict[bytes, bytes] = {}
    for attribute in _table_names(meta_graph.graph_def):
        attribute.s = names.setdefault(attribute.s, str(len(names)).encode())
    content = meta_graph.SerializeToString(deterministic=True) + repr(sorted(assets.items())).encode()
    prefix = hashlib.sha256(content).hexdigest()[:16].encode()
    for attribute in _table_names(meta_graph.graph_def):
        attribute.s = b"table_" + prefix + b"_" + attribute.s


def _table_names(graph_def: Any) -> Iterator[Any]:
    for nodes in (graph_def.node, *(function.node_def for function in graph_def.library.function)):
        for node in nodes:
            if node.op in _TABLES and node.attr["shared_name"].s:
                yield node.attr["shared_name"]


def file_digest(path: Path) -> str:
    """Sixteen hexadecimal digits of a file's SHA-256 digest."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()[:16]


def row_lengths_key(key: str) -> str:
    """The signature's key for a feature's row lengths.

    A feature of varying length has it besides the key of its values.
    """
    return f"{key}$row_lengths"


def tensor_names(
    signature: Any, inputs: Mapping[str, str], dtypes: Mapping[str, str], outputs: Sequence[tuple[FeatureSpec, str]]
) -> dict[str, dict[str, list[Any]]]:
    """The tensor names of a signature, as plain data.

    Args:
        signature: A `SignatureDef` whose inputs are named.
        inputs: Columns, each with its key in the signature, if it is there.
        dtypes: Each column's dtype: float32, int64 or bytes.
        outputs: Features, each with its key in the signature. A feature of varying length also has
            a `row_lengths_key` there.

    Returns:
        `inputs`: by column [tensor, dtype]; `outputs`: by feature [tensor, dtype, shape, rows'
        lengths' tensor]. For a feature of varying length the shape is None, for others the last
        tensor. Columns that share a tensor are its rows, in order; and so are features.
    """
    found: dict[str, list[Any]] = {}
    for spec, key in outputs:
        shape = None if spec.shape is None else list(spec.shape)
        lengths = signature.outputs[row_lengths_key(key)].name if spec.shape is None else None
        found[spec.name] = [signature.outputs[key].name, spec.dtype, shape, lengths]
    columns = {
        column: [signature.inputs[key].name, dtypes[column]]
        for column, key in inputs.items()
        if key in signature.inputs
    }
    return {"inputs": columns, "outputs": found}
