"""Fills the templates of `shardmill inspect --code`."""

from collections.abc import Iterable
from pathlib import Path
from string import Template

_TEMPLATES = Path(__file__).parent / "templates"


def fill(template: str, **values: str) -> str:
    """A template's text with values for its names."""
    return Template((_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(values)


def lines(items: Iterable[str], indent: int = 4) -> str:
    """Lines of code, indented."""
    return "\n".join(" " * indent + item for item in items)
