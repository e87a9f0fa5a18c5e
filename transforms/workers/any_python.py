"""Functions that any Python can unpickle, whatever its version.

Beam pickles the functions of a pipeline's stages, and a worker unpickles a stage's before it runs
it. A function of ours is pickled as bytecode, which another version of Python can't load, or as the
name of its module, which a machine without shardmill can't import. Such a worker would fail while
it loads the very check that is to report it, and Flink waits minutes, several times over, for a
worker that can't load a stage.

The stages of that check therefore consist of Python's built-in functions and of data, which any
Python loads. `emit` is a dictionary's lookup: `beam.Create` has a lambda in it, which is bytecode.
`evaluate` is `eval` with its first argument: the text of an expression stands for a
function, and only once it runs does it import anything.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from inspect import Parameter, Signature
from typing import Any

_SIGNATURE = Signature([Parameter("element", Parameter.POSITIONAL_ONLY)])


def emit(element: object) -> Callable[[bytes], Iterable[object]]:
    """A function for `beam.FlatMap`, which outputs one element.

    It expects the element of `beam.Impulse`.

    Args:
        element: The element, of Python's own types.
    """
    # The element of `beam.Impulse` is b"". Not `get`, whose signature Python parses: in two threads
    # at once that fails now and then.
    return {b"": [element]}.__getitem__


def evaluate(expression: str) -> Callable[[Mapping[str, Any]], Iterable[object]]:
    """A function for `beam.FlatMap`, which evaluates an expression.

    Its value is an iterable, whose elements are output.

    Args:
        expression: Python code, the same in all versions. An element's items are its variables.
    """
    # The expression is a constant of ours, and the element that `emit` has made is our own; neither
    # comes from the input.
    function = partial(eval, expression)
    # Beam asks for a signature. Python would parse that of `eval`, as above.
    function.__signature__ = _SIGNATURE  # type: ignore[attr-defined]  # `inspect` looks for it on any callable
    return function
