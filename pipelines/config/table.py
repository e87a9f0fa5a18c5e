"""Typed access to a parsed TOML file.

Messages name the file, the key, what was expected and what was received.
"""

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from shardmill.pipelines.config.toml_lines import key_lines
from shardmill.schemas.errors import ConfigError, Key, ShardmillError
from shardmill.schemas.messages import suggest
from shardmill.schemas.mistakes import Mistakes, restated, together

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


# The key of mistakes about an output folder that the command line gives.
OUTPUT_OPTION: Key = ("--output",)


@dataclass(frozen=True)
class Source:
    """The source of a configuration, which knows each key's line.

    Attributes:
        path: The file.
        text: The file's text.
        overridden: Keys whose value came from the command line.
    """

    path: str
    text: str = ""
    overridden: frozenset[Key] = frozenset()

    def locate(self, error: ShardmillError) -> str:
        """Prefixes an error's message with the location of its key.

        The location is the file and line, or the option of the command line that gave the value.
        """
        key = error.key
        message = str(error)
        if key == OUTPUT_OPTION:
            return f"{dotted(key)}: {message}"
        if key and not message.startswith((f"{dotted(key)}:", "[", "expected a table [")):
            message = f"{dotted(key)}: {message}"
        for given in sorted(self.overridden):
            if key[: len(given)] == given or (len(key) > 1 and given[: len(key)] == key):
                name = dotted(given)
                return f"--set {message}" if message.startswith(f"{name}:") else f"--set {name}: {message}"
        line = self.line(key)
        return f"{self.path}:{line}: {message}" if line else f"{self.path}: {message}"

    def error(self, key: Key, problem: str) -> ConfigError:
        """Makes an error at a key."""
        error = ConfigError(problem)
        error.key = key
        return restated(error, self.locate)

    def line(self, key: Key) -> int:
        """Returns the line of a key or its nearest table.

        Returns 0 where none of them is in the file.
        """
        return next((self._lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in self._lines), 0)

    def raise_any(self, mistakes: Mistakes) -> None:
        """Raises all mistakes as one error, ordered by line.

        Raises:
            ShardmillError: There are mistakes; each is named with its line.
        """
        if mistakes.found:
            found = sorted(mistakes.found, key=lambda error: self.line(error.key))
            raise together([restated(each, self.locate) for each in found], f"{{}} mistakes in {self.path!r}:")

    @cached_property
    def _lines(self) -> Mapping[Key, int]:
        return key_lines(self.text)


@dataclass(frozen=True)
class Table:
    """One table of a TOML file.

    Attributes:
        file: The file, for messages.
        prefix: The table's own key.
        raw: The table's keys and values.
        mistakes: Collects mistakes, whose messages are then without the file's name; a default
            replaces a wrong value, so that the rest is checked, too. None means that the first
            mistake is raised.
    """

    file: str
    prefix: Key
    raw: dict[str, Any]
    mistakes: Mistakes | None = None

    def error(self, name: str | None, problem: str) -> ConfigError:
        """Makes an error at a key of this table.

        With None as the name it is at the table itself.
        """
        key = (*self.prefix, name) if name else self.prefix
        error = ConfigError(
            f"{dotted(key)}: {problem}" if self.mistakes is not None else f"{self.file}: {dotted(key)}: {problem}"
        )
        error.key = key
        return error

    def refuse(self, name: str | None, problem: str) -> None:
        """Adds a mistake to `mistakes`.

        Raises:
            ConfigError: `mistakes` is None.
        """
        error = self.error(name, problem)
        if self.mistakes is None:
            raise error
        self.mistakes.add(error)

    def check_keys(self, known: Sequence[str]) -> None:
        """Refuses unknown keys; the message names the nearest known one."""
        keys = f"known keys here: {', '.join(known)}"
        for name in self.raw:
            if name not in known:
                self.refuse(name, f"unknown key{suggest(name, known, keys)}")

    def check_name(self, name: str, pattern: str, expected: str) -> None:
        """Refuses a user's name that doesn't match a pattern."""
        if not re.fullmatch(pattern, name):
            self.refuse(name, f"expected {expected}, received {name!r}")

    def table(self, name: str, *, required: bool = False) -> "Table":
        """Returns a table in this one.

        It is empty where it is absent and not required.

        Raises:
            ConfigError: It is absent and required, or isn't a table.
        """
        if name not in self.raw and required:
            problem = f"expected a table [{dotted((*self.prefix, name))}], which is absent"
            raise ConfigError(problem if self.mistakes is not None else f"{self.file}: {problem}")
        value = self.raw.get(name, {})
        if not isinstance(value, dict):
            raise self.error(name, f"expected a table, received {value!r}")
        return Table(self.file, (*self.prefix, name), value, self.mistakes)

    def string(self, name: str, default: str = "") -> str:
        """Returns a text that isn't empty."""
        value = self.raw.get(name, default)
        if not isinstance(value, str) or (name in self.raw and not value):
            self.refuse(name, f"expected text, received {value!r}")
            return default
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        """Returns a boolean."""
        value = self.raw.get(name, default)
        if not isinstance(value, bool):
            self.refuse(name, f"expected true or false, received {value!r}")
            return default
        return value

    def integer(self, name: str, *, minimum: int, maximum: int | None = None, default: int = 0) -> int:
        """Returns a whole number in a range."""
        value = self.raw.get(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < minimum
            or (maximum is not None and value > maximum)
        ):
            scope = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            self.refuse(name, f"expected a whole number {scope}, received {value!r}")
            return default
        return value

    def number(
        self, name: str, *, maximum: float, minimum: float = 0, above: float | None = None, default: float = 0
    ) -> float:
        """Returns a number in a range.

        With `above`, the range excludes its lower end.
        """
        value = self.raw.get(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not minimum <= value <= maximum or (above is not None and value <= above):
            scope = f"from {minimum:g} to {maximum:g}" if above is None else f"above {above:g} and up to {maximum:g}"
            self.refuse(name, f"expected a number {scope}, received {value!r}")
            return default
        return float(value)

    def strings(self, name: str) -> tuple[str, ...]:
        """Returns a list of text, empty only if absent."""
        if name not in self.raw:
            return ()
        value = self.raw[name]
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            self.refuse(name, f'expected a list of text (["a", "b"]), received {value!r}')
            return ()
        return tuple(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """Returns one of some words; the first is the default."""
        value = self.raw.get(name, choices[0])
        if value not in choices:
            self.refuse(name, f"expected {' or '.join(repr(choice) for choice in choices)}, received {value!r}")
            return choices[0]
        return str(value)


@contextmanager
def naming(source: Source, *key: str) -> Iterator[None]:
    """Adds a key's file and line to a block's `ConfigError`."""
    try:
        yield
    except ConfigError as error:
        error.key = error.key or key
        raise restated(error, source.locate) from error


def read_toml(path: str) -> dict[str, Any]:
    """Reads a TOML file and returns its tables.

    Raises:
        ConfigError: As `read_source`.
    """
    return read_source(path)[1]


def read_source(path: str) -> tuple[str, dict[str, Any]]:
    """Reads a TOML file and returns its text and tables.

    Raises:
        ConfigError: It can't be read or isn't TOML; the message names the file and, for bad TOML,
            line and column.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"no configuration file {path!r}; `shardmill init 'data/*.csv' -o {path}` writes one"
        ) from error
    except IsADirectoryError as error:
        raise ConfigError(
            f"expected a configuration file, received the folder {path!r}; give a .toml file, as `shardmill init` writes"
        ) from error
    except OSError as error:
        raise ConfigError(f"can't read the configuration file {path!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: isn't a TOML file: it isn't UTF-8 text ({error.reason} at byte {error.start}){_for_data(path)}"
        ) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: isn't valid TOML: {error}{_for_data(path)}") from error


def _for_data(path: str) -> str:
    """Advises on a file that is named like data."""
    return (
        "" if path.endswith(".toml") else f"; if it is CSV, `shardmill init {shlex.quote(path)}` writes a configuration"
    )


def expand_variables(path: str, where: str) -> str:
    """Expands environment variables in a path, spelled `${NAME}`.

    Args:
        path: A path in the configuration.
        where: The path's key, for messages.

    Raises:
        ConfigError: A variable isn't set, or is empty, which would make it the path of another
            folder.
    """

    def value(found: re.Match[str]) -> str:
        if not os.environ.get(found[1]):
            raise ConfigError(
                f"{where}: expected the environment variable {found[1]} of {path!r}, which isn't set or is empty; set it, or write the path"
            )
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, path)


def resolve_path(path: str, config_path: str) -> str:
    """Makes a configuration's path relative to the current folder.

    URLs and absolute paths aren't changed.
    """
    if "://" in path:
        return path
    path = os.path.expanduser(path)
    return os.path.join(os.path.dirname(config_path), path) if path else path


def apply_overrides(raw: dict[str, Any], overrides: Sequence[str], exclusive: Sequence[str] = ()) -> frozenset[Key]:
    """Applies `key=value` settings to a parsed file in place.

    Args:
        raw: The parsed file.
        overrides: The settings. A value is TOML where it parses as TOML, else text.
        exclusive: Dotted keys of which only one may be set: setting one removes the others.

    Returns:
        The keys that were set.

    Raises:
        ConfigError: A setting isn't `key=value`, or a part of its key isn't a table.
    """
    keys = []
    for override in overrides:
        name, equals, text = override.partition("=")
        key = _parse_key(name.strip())
        if not equals or not key:
            raise ConfigError(
                f"--set: expected key=value with a dotted key, for example output.shards=4, received {override!r}"
            )
        table = raw
        for position, part in enumerate(key[:-1], 1):
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError(f"--set {name}: expected a table at {dotted(key[:position])}, received {table!r}")
        if name in exclusive:
            for other in exclusive:
                table.pop(other.rpartition(".")[2], None)
        table[key[-1]] = _parse_value(text.strip())
        keys.append(key)
    return frozenset(keys)


def _parse_key(name: str) -> Key:
    try:
        value: Any = tomllib.loads(f"{name} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    key = []
    while isinstance(value, dict) and len(value) == 1:
        ((part, value),) = value.items()
        key.append(part)
    return tuple(key) if value == 0 else ()


def _parse_value(text: str) -> Any:
    try:
        value = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    parsed = value["value"]
    # No setting is a date or time: a text that looks like one is, for example, a file's name.
    return parsed if len(value) == 1 and isinstance(parsed, str | bool | int | float | list | dict) else text


def dotted(key: Key) -> str:
    """Writes a key as in TOML."""
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in key)
