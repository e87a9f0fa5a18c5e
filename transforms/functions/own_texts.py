"""Gives operations that read past a text copies of it.

TensorFlow's kernels for the case of letters beyond ASCII read a text up to a zero byte. Texts that
are in Arrow's memory don't end with one: the next row's would be joined to it.
"""

from typing import Any

_CASES = ("StringLower", "StringUpper")
# Copies its only input's texts.
_COPY = "StringJoin"


def own_texts(graph_def: Any) -> None:
    """Puts copies before these operations.

    It does so in functions that the graph calls, too.

    Args:
        graph_def: A `GraphDef`; changed in place.
    """
    _put_copies(graph_def.node, "")
    for function in graph_def.library.function:
        _put_copies(function.node_def, ":output:0")


def _put_copies(nodes: Any, output: str) -> None:
    """Puts them before the operations of one graph.

    Args:
        nodes: The operations.
        output: What follows an operation's name in that of its output.
    """
    copies = {node.name for node in nodes if node.op == _COPY and node.attr["N"].i == 1}
    for node in [node for node in nodes if node.op in _CASES and node.attr["encoding"].s]:
        if node.input[0].partition(":")[0] not in copies:
            copy = nodes.add(name=f"{node.name}/own", op=_COPY, input=[node.input[0]])
            copy.attr["N"].i = 1
            copy.attr["separator"].s = b""
            node.input[0] = f"{copy.name}{output}"
