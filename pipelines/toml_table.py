"""Typed access to a parsed TOML file, with messages that name the file, the key, what was expected and what was received."""

import difflib
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Key = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """One table of a TOML file.

    Attributes:
        file: The file, for messages.
        prefix: The table's own key.
        raw: Its keys and values.
        overridden: Keys whose value came from the command line, for messages.
    """

    file: str
    prefix: _Key
    raw: dict[str, Any]
    overridden: frozenset[_Key] = frozenset()

    def error(self, name: str | None, problem: str) -> ConfigError:
        """An error at a key of this table, or (None) at the table itself."""
        key = (*self.prefix, name) if name else self.prefix
        where = f"--set {_dotted(key)}" if key in self.overridden else f"{self.file}: {_dotted(key)}"
        return ConfigError(f"{where}: {problem}")

    def check_keys(self, known: Sequence[str]) -> None:
        """Raises a `ConfigError` at the first key that isn't known, with the nearest one that is."""
        for name in self.raw:
            if name not in known:
                raise self.error(name, f"unknown key{did_you_mean(name, known)}. Known keys here: {', '.join(known)}")

    def check_name(self, name: str, pattern: str, expected: str) -> None:
        """Raises a `ConfigError` where a key that the user is free to choose can't be used."""
        if not re.fullmatch(pattern, name):
            raise self.error(name, f"expected {expected}, received {name!r}")

    def table(self, name: str, *, required: bool = False) -> "Table":
        """A table in this one; an empty one where it is absent and not required."""
        if name not in self.raw and required:
            raise ConfigError(f"{self.file}: expected a table [{_dotted((*self.prefix, name))}], which is absent")
        value = self.raw.get(name, {})
        if not isinstance(value, dict):
            raise self.error(name, f"expected a table, received {value!r}")
        return Table(self.file, (*self.prefix, name), value, self.overridden)

    def string(self, name: str, default: str = "") -> str:
        """Text that isn't empty."""
        value = self.raw.get(name, default)
        if not isinstance(value, str) or (name in self.raw and not value):
            raise self.error(name, f"expected text, received {value!r}")
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        """A truth value."""
        value = self.raw.get(name, default)
        if not isinstance(value, bool):
            raise self.error(name, f"expected true or false, received {value!r}")
        return value

    def integer(self, name: str, *, minimum: int, maximum: int | None = None, default: int = 0) -> int:
        """A whole number in a range."""
        value = self.raw.get(name, default)
        if (
            isinstance(value, bool)
            or not isinstance(value, int)
            or value < minimum
            or (maximum is not None and value > maximum)
        ):
            scope = f"of at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise self.error(name, f"expected a whole number {scope}, received {value!r}")
        return value

    def number(
        self, name: str, *, maximum: float, minimum: float = 0, above: float | None = None, default: float = 0
    ) -> float:
        """A number in a range; with `above`, the lower end isn't in it."""
        value = self.raw.get(name, default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not minimum <= value <= maximum or (above is not None and value <= above):
            scope = f"from {minimum:g} to {maximum:g}" if above is None else f"above {above:g} and up to {maximum:g}"
            raise self.error(name, f"expected a number {scope}, received {value!r}")
        return float(value)

    def strings(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list of text that isn't empty."""
        value = self.raw.get(name, list(default))
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise self.error(name, f'expected a list of text (["a", "b"]), received {value!r}')
        return tuple(value)

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of some words; the first is the default."""
        value = self.raw.get(name, choices[0])
        if value not in choices:
            raise self.error(name, f"expected {' or '.join(repr(choice) for choice in choices)}, received {value!r}")
        return str(value)


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Puts the file's name before the message of a `ConfigError` of those who don't know it."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest known word, or nothing where none is near."""
    nearest = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""


def read_toml(path: str) -> dict[str, Any]:
    """Reads a TOML file.

    Raises:
        ConfigError: It can't be read or isn't TOML; the message names the file and, for bad TOML, line and column.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"no configuration file {path!r}; `shardmill init 'data/*.csv' -o {path}` writes one"
        ) from error
    except OSError as error:
        raise ConfigError(f"can't read the configuration file {path!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: isn't a TOML file: it isn't UTF-8 text ({error.reason} at byte {error.start})"
        ) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: isn't valid TOML: {error}") from error


def expand_variables(path: str, where: str) -> str:
    """A path of the configuration file with the values of environment variables, spelled `${NAME}`.

    Args:
        path: The path.
        where: Where it stands, for messages.

    Raises:
        ConfigError: A variable isn't set, or is empty: the path would be another folder's.
    """

    def value(found: re.Match[str]) -> str:
        if not os.environ.get(found[1]):
            raise ConfigError(
                f"{where}: expected the environment variable {found[1]} of {path!r}, which isn't set or is empty; set it, or write the path"
            )
        return os.environ[found[1]]

    return re.sub(r"\$\{(\w+)\}", value, path)


def resolve_path(path: str, config_path: str) -> str:
    """A path of the configuration file, made relative to the current folder; URLs and absolute paths stay as they are."""
    if "://" in path:
        return path
    path = os.path.expanduser(path)
    return os.path.join(os.path.dirname(config_path), path) if path else path


def apply_overrides(raw: dict[str, Any], overrides: Sequence[str], exclusive: Sequence[str] = ()) -> frozenset[_Key]:
    """Puts `key=value` settings into a parsed file, in place.

    Args:
        raw: The parsed file.
        overrides: The settings. A value is TOML where it parses as TOML, else text.
        exclusive: Dotted keys that take each other's place: setting one removes the others.

    Returns:
        The keys that were set.

    Raises:
        ConfigError: A setting isn't `key=value`, or its key goes through something that isn't a table.
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
                raise ConfigError(f"--set {name}: expected a table at {_dotted(key[:position])}, which is {table!r}")
        if name in exclusive:
            for other in exclusive:
                table.pop(other.rpartition(".")[2], None)
        table[key[-1]] = _parse_value(text.strip())
        keys.append(key)
    return frozenset(keys)


def _parse_key(name: str) -> _Key:
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
    # Dates and times are of no use in a configuration: such a text is a file's name, say.
    return parsed if len(value) == 1 and isinstance(parsed, str | bool | int | float | list | dict) else text


def _dotted(key: _Key) -> str:
    return ".".join(part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"' for part in key)
