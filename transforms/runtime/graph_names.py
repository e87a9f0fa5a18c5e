"""The names of a transform graph's tensors, in a file.

The file stands beside the SavedModel, since parsing `saved_model.pb` would need TensorFlow's
protobuf messages.
"""

from pathlib import Path
from typing import TypedDict

from shardmill.schemas.errors import ShardmillError
from shardmill.schemas.features import Dtype
from shardmill.schemas.json_shapes import Count, NotRequired, TensorName, decode_json
from shardmill.schemas.run_folder import NAMES_FILE

# An input has its tensor and dtype. An output has its tensor, dtype, shape of one row (None means
# varying length), and the tensor of its rows' lengths (None without one).
InputNames = tuple[TensorName, Dtype]
OutputNames = tuple[TensorName, Dtype, list[Count] | None, TensorName | None]


class SignatureNames(TypedDict):
    """The tensors of a signature, by column and by feature."""

    inputs: dict[str, InputNames]
    outputs: dict[str, OutputNames]


class GraphNames(TypedDict):
    """The content of the file.

    For each signature its tensors; for each label the raw columns that no other output needs; and
    the features that depend on `FOLD`, if there are any.
    """

    signatures: dict[str, SignatureNames]
    labels: dict[str, list[str]]
    folded: NotRequired[list[str]]


def read_names(model_dir: str) -> GraphNames:
    """Reads the tensors' names beside a SavedModel.

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
            f"no transform graph in {model_dir!r}: {what}; give the transform_fn folder of a finished run"
        ) from error
    return decode_names(data, str(path))


def decode_names(data: bytes, path: str) -> GraphNames:
    """Parses the bytes of the file of names.

    Args:
        data: The file's bytes.
        path: The file's path, for messages.

    Raises:
        DataError: The content isn't as shardmill writes it.
    """
    names: GraphNames = decode_json(data, GraphNames, path)
    return names
