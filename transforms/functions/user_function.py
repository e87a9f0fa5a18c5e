"""A user's function in a Python file.

It is loaded where it is traced, and its errors name the line of the file that they come from.
"""

import ast
import hashlib
import linecache
import os
import sys
import traceback
from collections.abc import Callable, ItemsView, Iterator, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import did_you_mean, shortened

# Inputs listed in a message.
_SHOWN_INPUTS = 20


@dataclass(frozen=True)
class UserFunction:
    """A function in a Python file.

    It travels as the file's text, so a worker needn't have the file.

    Attributes:
        path: The file's path.
        name: The function's name in the file.
        source: The file's text.
    """

    path: str
    name: str
    source: str

    @classmethod
    def read(cls, reference: str) -> "UserFunction":
        """Reads the file without running it.

        Args:
            reference: `file.py:function`.

        Raises:
            ConfigError: The reference has another form, or the file can't be read.
        """
        path, colon, name = reference.rpartition(":")
        if not colon or not path.endswith(".py") or not name.isidentifier():
            raise ConfigError(f'expected "file.py:function", received {reference!r}')
        try:
            with open(path, encoding="utf-8") as file:
                return cls(path, name, file.read())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"can't read {path!r}, which should hold the function {name!r}: {error}") from error

    def __call__(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Calls the function.

        Args:
            inputs: A dict of tensors, as the function takes it.

        Returns:
            The dict of tensors that the function returns.

        Raises:
            ConfigError: The function failed (the message has the file, the line, the error, and the
                inputs' dtypes and shapes), or it returned something else.
        """
        import tensorflow as tf

        function = self.load()
        # Kept in each call that is traced: an earlier graph in this process may have changed it.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
        try:
            outputs = function(inputs)
        except Exception as error:
            raise ConfigError(f"{self._explain(error)}{_hint(error, inputs)}\n{_describe(inputs)}") from error
        if not isinstance(outputs, Mapping) or not outputs or not all(isinstance(name, str) for name in outputs):
            raise ConfigError(f"{self}: expected it to return a dict of tensors by name, received {outputs!r}")
        return dict(outputs)

    def check_source(self) -> None:
        """Searches the file for the function without running it.

        Raises:
            ConfigError: The file isn't Python, or nothing in it has the function's name.
        """
        try:
            nodes = list(ast.walk(ast.parse(self.source, self.path)))
        except SyntaxError as error:
            raise ConfigError(self._explain(error)) from error
        # All that might define the name: running the file shows whether it is a function.
        names = {value for node in nodes for _, value in ast.iter_fields(node) if isinstance(value, str)}
        if self.name not in names and "*" not in names:
            functions = [node.name for node in nodes if isinstance(node, ast.FunctionDef)]
            raise ConfigError(f"{self.path} has no function {self.name!r}; it has {_listed(functions)}")

    def __str__(self) -> str:
        return f"{self.name} in {self.path}"

    def load(self) -> Callable[[Any], Any]:
        """Runs the file and returns the function.

        The file runs once per process and text.

        Raises:
            ConfigError: The file fails, or has no such function.
        """
        module = _modules.get(self._module_name)
        if module is None:
            module = self._run()
            _modules[self._module_name] = module
        function = getattr(module, self.name, None)
        if not callable(function):
            raise ConfigError(f"{self.path} has no function {self.name!r}; it has {_functions(module)}")
        found: Callable[[Any], Any] = function
        return found

    @cached_property
    def _module_name(self) -> str:
        digest = hashlib.sha256(f"{os.path.abspath(self.path)}\0{self.source}".encode()).hexdigest()[:16]
        return f"shardmill_user_{digest}"

    def _run(self) -> ModuleType:
        module = ModuleType(self._module_name)
        module.__file__ = os.path.abspath(self.path)
        # Tracebacks show the text that is run, though the file may have changed or be absent.
        linecache.cache[self.path] = (len(self.source), None, self.source.splitlines(keepends=True), self.path)
        folder = os.path.dirname(module.__file__)
        if folder not in sys.path:
            # Modules beside the file can be imported, as when it is run by itself.
            sys.path.append(folder)
        sys.modules[self._module_name] = module
        try:
            exec(compile(self.source, self.path, "exec"), module.__dict__)  # noqa: S102  (the user's own code, at the user's wish)
        except Exception as error:
            del sys.modules[self._module_name]
            raise ConfigError(self._explain(error)) from error
        return module

    def _explain(self, error: Exception) -> str:
        """Says where in the user's files an error comes from.

        The error's own message follows.
        """
        lines = [
            f"{frame.filename}, line {frame.lineno}, in {frame.name}: {frame.line}"
            for frame in traceback.extract_tb(error.__traceback__)
            if self.owns(frame.filename)
        ]
        if isinstance(error, SyntaxError) and error.filename == self.path:
            lines = [f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}"]
        origin = "\n  ".join(lines) or str(self)
        return f"{origin}\n{type(error).__name__}: {shortened(str(error).strip())}"

    def owns(self, file: str) -> bool:
        """Whether a file is the user's own code.

        It is the function's file or another file beside it, but not an installed package.
        """
        folder = os.path.dirname(os.path.abspath(self.path))
        # Compiled code gives relative names of files that don't exist.
        return file == self.path or (
            os.path.isfile(file)
            and os.path.abspath(file).startswith(folder + os.sep)
            and "site-packages" not in file
            and "dist-packages" not in file
        )


_modules: dict[str, ModuleType] = {}


def _functions(module: ModuleType) -> str:
    names = [name for name, value in vars(module).items() if callable(value) and value.__module__ == module.__name__]
    return _listed(names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _hint(error: Exception, inputs: Mapping[str, Any]) -> str:
    """A "did you mean" hint for a missing column."""
    key = error.args[0] if isinstance(error, KeyError) else None
    return did_you_mean(key, inputs) if isinstance(key, str) and key not in inputs else ""


def _describe(inputs: Mapping[str, Any]) -> str:
    """The dtypes and shapes of the inputs."""
    return "it was given: " + "; ".join(_described(inputs))


def _described(inputs: Mapping[str, Any]) -> Iterator[str]:
    for name, value in list(inputs.items())[:_SHOWN_INPUTS]:
        kind = "SparseTensor " if hasattr(value, "indices") else ""
        yield f"{name!r}: {kind}{value.dtype.name} {value.shape}"
    if len(inputs) > _SHOWN_INPUTS:
        yield f"and {len(inputs) - _SHOWN_INPUTS} more"


class Recorded(dict[str, Any]):
    """A dict that records which of its keys were read."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        """Takes the values.

        Args:
            values: The values, by key.
        """
        super().__init__(values)
        self.seen: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        self.seen.add(key)
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        self.seen.update(self.keys())
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """Acts like `dict.get`."""
        self.seen.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        """Acts like `dict.pop`."""
        self.seen.add(key)
        return super().pop(key, *default)

    def copy(self) -> dict[str, Any]:
        """Acts like `dict.copy`."""
        return dict(self)

    # typeshed's return types are CPython's own view classes.
    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Acts like `dict.items`."""
        return dict(self).items()

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Acts like `dict.values`."""
        return dict(self).values()
