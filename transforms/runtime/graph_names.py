"""The names of a transform graph's tensors, as a file beside the SavedModel has them: `saved_model.pb` needs TensorFlow's messages."""

from pathlib import Path
from typing import TypedDict

from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.features import Dtype
from shardmill.schemas.json_shapes import Count, TensorName, decode_json
from shardmill.schemas.run_folder import NAMES_FILE

# An input: its tensor and dtype. An output: its tensor, dtype, shape of one row (None: varying), and the tensor of its rows' lengths.
InputNames = tuple[TensorName, Dtype]
OutputNames = tuple[TensorName, Dtype, list[Count] | None, TensorName | None]


class SignatureNames(TypedDict):
    """A signature's tensors, by column and by feature."""

    inputs: dict[str, InputNames]
    outputs: dict[str, OutputNames]


class GraphNames(TypedDict):
    """The whole: each signature; and for each label the raw columns that no other output needs."""

    signatures: dict[str, SignatureNames]
    labels: dict[str, list[str]]


def read_names(model_dir: str) -> GraphNames:
    """Reads the names beside a SavedModel.

    Args:
        model_dir: The SavedModel's local folder.

    Raises:
        ShardmillError: There is no model.
        DataError: The file isn't as shardmill writes it.
    """
    path = Path(model_dir, NAMES_FILE)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        what = f"it has no {NAMES_FILE}" if Path(model_dir).is_dir() else "there is no such folder"
        raise ShardmillError(
            f"no transform graph in {model_dir!r}: {what}. Give the transform_fn folder of a finished run."
        ) from error
    return decode_names(data, str(path))


def decode_names(data: bytes, path: str) -> GraphNames:
    """Reads the bytes of such a file.

    Args:
        data: The bytes.
        path: The file, for messages.

    Raises:
        DataError: It isn't as shardmill writes it.
    """
    names: GraphNames = decode_json(data, GraphNames, path)
    return names
