"""Tells TF Transform the domains of a function's outputs.

It does so for outputs whose domain TF Transform doesn't know itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow_transform import schema_inference

from shardmill.transforms.functions.domains import Domain, Domains
from shardmill.transforms.functions.user_function import UserFunction
from shardmill.transforms.kinds.base import Tensor

# The graph in which TF Transform asks for domains. In all others the user's function isn't changed.
_ASKED_IN = "metadata_fn"
# The collections in which TF Transform keeps the tensors whose domains its mappers know, and these
# domains.
_COLLECTIONS = ("tft_schema_override_tensor", "tft_schema_override_min", "tft_schema_override_max")


@dataclass(frozen=True)
class WithDomains:
    """A user's function, wrapped for TF Transform to call.

    TF Transform knows the domains of its mappers' results, but not of tensors computed from them.

    Attributes:
        function: The user's function.
    """

    function: UserFunction

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Calls the user's function: see `UserFunction`."""
        outputs = self.function(inputs)
        graph = tf.compat.v1.get_default_graph()
        if graph.name == _ASKED_IN:
            outputs = _apart(outputs)
            _tell(graph, inputs, outputs)
        return outputs


def _apart(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Gives each output a tensor of its own.

    TF Transform knows only one domain for each tensor.
    """
    seen: set[str] = set()
    apart = {}
    for name, output in outputs.items():
        again = _values(output).name in seen
        apart[name] = tf.nest.map_structure(tf.identity, output, expand_composites=True) if again else output
        seen.add(_values(output).name)
    return apart


def _tell(graph: Any, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> None:
    tensors, least, greatest = (graph.get_collection(name) for name in _COLLECTIONS)
    known = {
        tensor.name: Domain(tf.cast(low, tf.int64), tf.cast(high, tf.int64), is_ids=True)
        for tensor, low, high in zip(tensors, least, greatest, strict=True)
    }
    domains = Domains(known, tf.nest.flatten(dict(inputs), expand_composites=True))
    for values in map(_values, outputs.values()):
        found = domains.of(values) if values.dtype == tf.int64 and values.name not in known else None
        if found and found.is_ids:
            schema_inference.set_tensor_schema_override(values, found.least, found.greatest)


def _values(output: Any) -> Tensor:
    """The tensor with an output's values."""
    if isinstance(output, tf.SparseTensor):
        return output.values
    return output.flat_values if isinstance(output, tf.RaggedTensor) else output
