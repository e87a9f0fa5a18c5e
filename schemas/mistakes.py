"""Mistakes, collected to be told all at once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from shardmill.schemas.errors import ConfigError, Key, ShardmillError

_Error = TypeVar("_Error", bound=ShardmillError)


class Mistakes:
    """The mistakes found so far.

    Attributes:
        found: The errors, in the order in which they were found.
    """

    def __init__(self) -> None:
        """Makes an empty collection."""
        self.found: list[ShardmillError] = []

    def add(self, error: ShardmillError, key: Key = ()) -> None:
        """Adds an error, or the errors that it consists of.

        Args:
            error: The error.
            key: The key of the configuration that is wrong, for errors that don't say it
                themselves.
        """
        for each in error.errors or (error,):
            each.key = each.key or key
            self.found.append(each)

    def concern(self, key: Key) -> bool:
        """Whether a mistake was found at or below a key."""
        return any(each.key[: len(key)] == key for each in self.found)

    @contextmanager
    def at(self, *key: str) -> Iterator[None]:
        """Collects the error that a block raises, and continues.

        Args:
            key: The key of the configuration that the block checks.
        """
        try:
            yield
        except ShardmillError as error:
            self.add(error, key)

    def raise_any(self) -> None:
        """Raises the errors that were found, if any.

        A single error is raised itself, several as one error with a line for each.

        Raises:
            ShardmillError: There are errors; several of different classes make a `ConfigError`.
        """
        if self.found:
            raise together(self.found)


def together(errors: Sequence[ShardmillError], title: str = "{} mistakes:") -> ShardmillError:
    """Joins errors into one.

    Errors of different classes make a `ConfigError`; a single error stays itself.

    Args:
        errors: The errors, at least one.
        title: The first line of the message of several errors; `{}` is their number.
    """
    if len(errors) == 1:
        return errors[0]
    kinds = {type(each) for each in errors}
    kind = kinds.pop() if len(kinds) == 1 else ConfigError
    error = kind("\n".join((title.format(len(errors)), *map(str, errors))))
    error.errors = tuple(errors)
    return error


def restated(error: _Error, restate: Callable[[ShardmillError], str]) -> _Error:
    """The same error with another message.

    Where it consists of several errors, each gets another message.

    Args:
        error: The error.
        restate: Gives the new message of a single error.
    """
    changed = []
    for each in error.errors or (error,):
        new = type(each)(restate(each))
        new.key = each.key
        changed.append(new)
    found: _Error = together(changed)  # type: ignore[assignment]  # of the class that they were together before
    return found
