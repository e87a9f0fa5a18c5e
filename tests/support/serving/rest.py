"""TF Serving's JSON bodies, turned into tensors by the rules of its REST API (`json_tensor.cc` and its guide).

TF Serving's binary isn't in any registry of packages, so its rules are written down here; a body that they accept is one that fits
the signature.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

# Integers up to this one may stand for a float: those that float32 holds all of.
_MOST_EXACT = 2**24 - 1


class Server:
    """A SavedModel called as servers do: by the tensors that its `SignatureDef`s name.

    Args:
        folder: The SavedModel's folder.
    """

    def __init__(self, folder: str) -> None:
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._signatures = tf.compat.v1.saved_model.load(self._session, ["serve"], folder).signature_def

    def predict(self, body: str) -> dict[str, np.ndarray]:
        """Answers a body of `POST /v1/models/NAME:predict`.

        Args:
            body: The JSON, with `instances` (rows) or `inputs` (columns); `NaN` is a number there.

        Raises:
            ValueError: The body isn't as TF Serving wants it for that signature.
        """
        request = json.loads(body)
        signature = request.get("signature_name", "serving_default")
        wanted = self._signatures[signature].inputs
        if ("instances" in request) == ("inputs" in request):
            raise ValueError("one of 'instances' and 'inputs' is expected")
        columns = _by_column(request["instances"], wanted) if "instances" in request else request["inputs"]
        if not isinstance(columns, dict):
            columns = {next(iter(wanted)): columns}
        if missing := wanted.keys() - columns.keys():
            raise ValueError(f"missing named input: {sorted(missing)}")
        return self.call(signature, {name: _array(columns[name], info) for name, info in wanted.items()})

    def call(self, signature: str, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Answers arrays, by the names in the signature.

        Raises:
            ValueError: An array isn't of the signature's type and shape, or isn't known to it.
        """
        called = self._signatures[signature]
        for name, values in inputs.items():
            if tf.dtypes.as_dtype(values.dtype) != called.inputs[name].dtype:
                raise ValueError(f"{name!r} is {values.dtype}")
        fed = {called.inputs[name].name: values for name, values in inputs.items()}
        fetched = {name: info.name for name, info in called.outputs.items()}
        answers: dict[str, np.ndarray] = self._session.run(fetched, fed)
        return answers


def _by_column(instances: Sequence[Any], wanted: Mapping[str, Any]) -> dict[str, list[Any]]:
    if not all(_is_row(each) for each in instances):
        if len(wanted) > 1:
            raise ValueError("a list of objects is expected: there are several inputs")
        return {next(iter(wanted)): list(instances)}
    for each in instances:
        if each.keys() != wanted.keys():
            raise ValueError(f"keys must be equal to: {sorted(wanted)}; received {sorted(each)}")
    return {name: [each[name] for each in instances] for name in wanted}


def _is_row(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() != {"b64"}


def _array(values: Sequence[Any], info: meta_graph_pb2.TensorInfo) -> np.ndarray:
    dtype = tf.dtypes.as_dtype(info.dtype)
    convert = {tf.float32: _float, tf.int64: _integer, tf.string: _text}[dtype]
    return np.array([convert(value) for value in values], dtype.as_numpy_dtype)


def _float(value: Any) -> float:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > _MOST_EXACT:
        raise ValueError(f"cannot convert {value!r} to float without loss of precision")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{value!r} is not of expected type: float")  # noqa: TRY004
    return float(value)


def _integer(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise ValueError(f"{value!r} is not of expected type: int64")
    return value


def _text(value: Any) -> bytes:
    if isinstance(value, dict) and value.keys() == {"b64"}:
        return base64.b64decode(value["b64"], validate=True)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not of expected type: string")  # noqa: TRY004
    return value.encode()
