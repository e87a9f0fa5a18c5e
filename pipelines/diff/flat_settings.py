"""Settings by dotted keys, and their differences."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Change:
    """A value that two runs don't share.

    Attributes:
        key: What it is the value of.
        before: The first run's; None where it has none.
        after: The second run's, likewise.
    """

    key: str
    before: Any
    after: Any


def flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Yields settings by their dotted keys.

    Args:
        settings: Tables and values.
        above: The key of the table that they are in.
    """
    for name, value in settings.items():
        key = f"{above}.{name}" if above else str(name)
        if isinstance(value, Mapping) and value:
            yield from flat(value, key)
        else:
            yield key, value


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The settings that differ.

    They are in the order of the first run's; those that only the second one has come last. An empty
    table is as good as none.

    Args:
        before: One run's settings.
        after: The other's.
    """
    first, second = (
        {key: value for key, value in flat(settings) if not isinstance(value, Mapping)} for settings in (before, after)
    )
    keys = dict.fromkeys([*first, *second])
    return [Change(key, first.get(key), second.get(key)) for key in keys if first.get(key) != second.get(key)]
