"""Reads a kind's parameters from the configuration.

They are checked against the types of the dataclass's fields.
"""

import dataclasses
import functools
import types
import typing
from collections.abc import Hashable, Mapping
from datetime import date, time
from typing import Any

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import suggest
from shardmill.transforms.numbers.pre import Pre, parse_pre

# Fields that the configuration doesn't set under their own names.
_NOT_PARAMETERS = ("name", "columns", "pool", "earlier")


def parameter(key: str, default: Any) -> Any:
    """A dataclass field with another name in the configuration.

    For instance, a field called `min` would hide Python's function.
    """
    return dataclasses.field(default=default, metadata={"key": key})


def has_wildcard(name: str) -> bool:
    """Whether a column's name may be a pattern."""
    return any(each in name for each in "*?[")


def read_parameters(feature: str, kind: type[Any], table: Mapping[str, object]) -> dict[str, Any]:
    """Reads the keyword arguments of a kind's dataclass.

    Args:
        feature: The feature's name.
        kind: The dataclass.
        table: Parameters by their names in the configuration.

    Raises:
        ConfigError: A parameter is unknown, of a wrong type, or absent.
    """
    fields = {
        each.metadata.get("key", each.name): each
        for each in dataclasses.fields(kind)
        if each.name not in _NOT_PARAMETERS
    }
    for key in table:
        if key not in fields:
            taken = [each for each in fields if each not in kind.refused]
            known = ", ".join(f"`{each}`" for each in ("kind", "column", *taken))
            raise ConfigError(
                f"[features] {feature}: `{kind.kind}` has no parameter `{key}`{suggest(key, taken, f'it has {known}')}"
            )
    hints = _hints(typing.cast("Hashable", kind))  # mypy takes no type[Any] for one
    for key, each in fields.items():
        if each.default is dataclasses.MISSING and key not in table:
            raise ConfigError(f"[features] {feature}: `{kind.kind}` needs `{key}`: {_describe(hints[each.name])}")
    return {fields[key].name: _read(feature, key, value, hints[fields[key].name]) for key, value in table.items()}


@functools.cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    """The types of a kind's fields.

    They are worked out once, since that takes half a millisecond.
    """
    return typing.get_type_hints(kind)


def _read(feature: str, key: str, value: object, hint: Any) -> Any:
    if key == "pre":
        return parse_pre(feature, value)
    if not _fits(value, hint):
        received = (
            f"{value.isoformat()}, a date or time; put it in quotes" if isinstance(value, date | time) else repr(value)
        )
        raise ConfigError(f"[features] {feature}: expected `{key}` to be {_describe(hint)}, received {received}")
    return _convert(value, hint)


def _fits(value: object, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return any(_fits(value, each) for each in arguments)
    if origin is tuple:
        sized = arguments[-1] is Ellipsis or (isinstance(value, list | tuple) and len(value) == len(arguments))
        return isinstance(value, list | tuple) and sized and all(_fits(each, arguments[0]) for each in value)
    if origin is Mapping:
        return isinstance(value, dict) and all(_fits(each, arguments[1]) for each in value.values())
    if hint is float:
        # Not NaN nor infinite, though TOML can spell both.
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
    return isinstance(value, hint) and (hint is bool or not isinstance(value, bool))


def _convert(value: Any, hint: Any) -> Any:
    if isinstance(value, dict):
        return {key: _convert(each, hint) for key, each in value.items()}
    return tuple(value) if isinstance(value, list) and hint is not None else value


def _describe(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(_describe(each) for each in arguments if each is not type(None)))
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            return f"a list of {len(arguments)}, each {_describe(arguments[0])}"
        return f"a list, each {_describe(arguments[0])}"
    if origin is Mapping:
        return f"a table, each value {_describe(arguments[1])}"
    return {int: "an integer", float: "a number", str: "a string", bool: "true or false", Pre: "an operation"}.get(
        hint, str(hint)
    )
