"""A hash of settings, code and versions."""

import functools
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import version
from typing import Any

import shardmill
from shardmill.transforms.files import copying, files
from shardmill.transforms.kernel.library import kernel
from shardmill.transforms.runtime.graph_folder import Graph

# The packages that compute what is kept.
_PACKAGES = ("shardmill", "numpy", "pyarrow", "tensorflow", "isal")


def settings_digest(*settings: object) -> str:
    """Hashes settings together with the code and its versions.

    Args:
        settings: Plain values, dataclasses and graphs, or collections of these. A graph counts by
            the content of its files; fields that make no difference when two are compared don't.

    Returns:
        64 hexadecimal digits; others as soon as a setting, a file of the code, the compiled kernel,
        the version of a package or the kind of processor is another.

    Raises:
        TypeError: A setting is of another type.
        DataError: A graph can't be read.
    """
    text = json.dumps([_environment(), [_plain(each) for each in settings]], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _environment() -> tuple[str, ...]:
    """The code that runs, and where."""
    digest = hashlib.sha256()
    for path in sorted(_modules()):
        with open(path, "rb") as stream:
            octets = stream.read()
        digest.update(f"{os.path.basename(path)} {len(octets)}\n".encode() + octets)
    compiled = kernel().kernel_sources().decode()
    versions = (f"{name} {version(name)}" for name in _PACKAGES)
    return (digest.hexdigest(), compiled, platform.machine(), platform.python_version(), *versions)


def _modules() -> Iterator[str]:
    for room in ("schemas", "transforms"):
        for folder, _, names in os.walk(os.path.join(shardmill.__path__[0], room)):
            yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def _plain(value: Any) -> Any:
    """A value as JSON; equal only for equal values."""
    if value is None or isinstance(value, bool | int | float | str):
        # 1 and 1.0 are equal in Python, but not as text.
        return [type(value).__name__, repr(value)]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    if isinstance(value, Enum):
        return [type(value).__qualname__, value.name]
    if isinstance(value, Graph):
        return ["Graph", _folder_digest(value.local_folder())]
    if is_dataclass(value) and not isinstance(value, type):
        named = {each.name: _plain(getattr(value, each.name)) for each in fields(value) if each.compare}
        return [f"{type(value).__module__}.{type(value).__qualname__}", named]
    return _plain_collection(value)


def _plain_collection(value: Any) -> Any:
    if isinstance(value, Mapping):
        return ["mapping", sorted(([_plain(key), _plain(each)] for key, each in value.items()), key=json.dumps)]
    if isinstance(value, frozenset | set):
        return ["set", sorted((_plain(each) for each in value), key=json.dumps)]
    if isinstance(value, tuple | list):
        return ["list", [_plain(each) for each in value]]
    raise TypeError(f"settings: expected plain values and dataclasses of these, received {type(value)!r}")


def _folder_digest(folder: str) -> list[tuple[str, str]]:
    """The SHA-256 of each file, by its name."""
    return [(path[len(folder) :], copying.digest(path)[1]) for path in files.walk(folder)]
