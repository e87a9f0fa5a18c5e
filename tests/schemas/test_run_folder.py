"""The names in a run's folder: the form of a shard's, and that each is spelled in one module."""

import ast
import importlib.util
from pathlib import Path

from shardmill.schemas import run_folder
from shardmill.schemas.run_folder import shard_name

# Words that are keys, tensors or features elsewhere, too.
_PLAIN_WORDS = {"metadata", "rejected", "parts", "train", ".gz"}


def test_shard_names() -> None:
    """Names are TensorFlow's split-00000-of-00008 form."""
    assert shard_name("train", 3, 8, compressed=True) == "train-00003-of-00008.tfrecord.gz"
    assert shard_name("eval", 0, 1, compressed=False) == "eval-00000-of-00001.tfrecord"


def test_each_name_is_spelled_once() -> None:
    """No module has a literal that is one of the names, or a path that begins with one: it takes the constant."""
    names = {value for name, value in vars(run_folder).items() if name.isupper() and isinstance(value, str)}
    spelled = {
        (path.name, text)
        for room in ("schemas", "transforms", "pipelines")
        for path in _folder(room).rglob("*.py")
        if path.name != "run_folder.py"
        for text in _literals(path)
        if text in names - _PLAIN_WORDS or any(text.startswith(f"{name}/") for name in names)
    }
    assert spelled == set()


def _folder(room: str) -> Path:
    spec = importlib.util.find_spec(f"shardmill.{room}")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def _literals(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
