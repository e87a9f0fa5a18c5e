"""The configuration's `[rows] dedup`: one row of each key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from shardmill.pipelines.config.table import Table


class DedupSettings(TypedDict):
    """`[rows] dedup` in a manifest."""

    key: list[str] | None
    on_duplicate: Literal["drop", "reject"]


@dataclass(frozen=True)
class DedupConfig:
    """`[rows] dedup`: one row of each key, the first.

    Attributes:
        key: The columns whose text is compared. None means the whole row.
        rejects: Whether other rows are rejected; else they are left out.
    """

    key: tuple[str, ...] | None = None
    rejects: bool = False

    @classmethod
    def of_settings(cls, settings: Mapping[str, Any]) -> "DedupConfig":
        """Takes the settings from a manifest, already checked.

        Args:
            settings: As `settings` gives them.
        """
        key = settings["key"]
        return cls(None if key is None else tuple(key), settings["on_duplicate"] == "reject")

    @property
    def settings(self) -> DedupSettings:
        """All settings as plain data for the manifest."""
        return {
            "key": None if self.key is None else list(self.key),
            "on_duplicate": "reject" if self.rejects else "drop",
        }

    @property
    def described(self) -> str:
        """The setting on one line, for people."""
        what = "of equal rows" if self.key is None else f"of those that agree in {', '.join(map(repr, self.key))}"
        return f"the first {what}, others {'rejected' if self.rejects else 'left out'}"


def parse_dedup(rows: Table) -> DedupConfig | None:
    """Checks `dedup` and `on_duplicate` in `[rows]`."""
    rejects = rows.choice("on_duplicate", ("drop", "reject")) == "reject"
    value = rows.raw.get("dedup", False)
    if value is False:
        if "on_duplicate" in rows.raw:
            rows.refuse("on_duplicate", 'is for dedup; write dedup = ["id"], too, or remove it')
        return None
    if value is True:
        return DedupConfig(None, rejects)
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        rows.refuse("dedup", f'expected a list of columns (["id"]), or true for the whole row, received {value!r}')
        return None
    return DedupConfig(tuple(value), rejects)
