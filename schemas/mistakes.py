"""Mistakes, collected so that all are told at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from shardmill.schemas.errors import ConfigError, Key, ShardmillError

_Error = TypeVar("_Error", bound=ShardmillError)


class Mistakes:
    """What was found to be wrong.

    Attributes:
        found: The errors, in the order in which they were found.
    """

    def __init__(self) -> None:
        """Makes an empty one."""
        self.found: list[ShardmillError] = []

    def add(self, error: ShardmillError, key: Key = ()) -> None:
        """Adds an error, or those that it consists of.

        Args:
            error: The error.
            key: The key of the configuration that is wrong, unless the error knows better.
        """
        for each in error.errors or (error,):
            each.key = each.key or key
            self.found.append(each)

    def concern(self, key: Key) -> bool:
        """Whether something was found at a key, or below it."""
        return any(each.key[: len(key)] == key for each in self.found)

    @contextmanager
    def at(self, *key: str) -> Iterator[None]:
        """Adds what a block raises, and goes on after it.

        Args:
            key: The key of the configuration that the block looks at.
        """
        try:
            yield
        except ShardmillError as error:
            self.add(error, key)

    def raise_any(self) -> None:
        """Raises what was found: an error as it is, several as one that has a line for each.

        Raises:
            ShardmillError: Something was found; several of different classes make a `ConfigError`.
        """
        if self.found:
            raise together(self.found)


def together(errors: Sequence[ShardmillError], title: str = "{} mistakes:") -> ShardmillError:
    """One error of one or several; of several different classes it is a `ConfigError`.

    Args:
        errors: The errors.
        title: What the message of several begins with; `{}` is their number.
    """
    if len(errors) == 1:
        return errors[0]
    kinds = {type(each) for each in errors}
    kind = kinds.pop() if len(kinds) == 1 else ConfigError
    error = kind("\n".join((title.format(len(errors)), *map(str, errors))))
    error.errors = tuple(errors)
    return error


def restated(error: _Error, restate: Callable[[ShardmillError], str]) -> _Error:
    """The same error with another message; of several as one, each.

    Args:
        error: The error.
        restate: Gives an error its message.
    """
    changed = []
    for each in error.errors or (error,):
        new = type(each)(restate(each))
        new.key = each.key
        changed.append(new)
    found: _Error = together(changed)  # type: ignore[assignment]  # of the class that they were together before
    return found
