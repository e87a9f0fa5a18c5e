"""Fills the templates of `shardmill inspect --code`."""

from collections.abc import Iterable
from pathlib import Path
from string import Template

_TEMPLATES = Path(__file__).parent / "templates"


def fill(template: str, **values: str) -> str:
    """Fills a template's placeholders with values."""
    return Template((_TEMPLATES / f"{template}.txt").read_text(encoding="utf-8")).substitute(values)


def lines(items: Iterable[str], indent: int = 4) -> str:
    """Joins lines of code, indented."""
    return "\n".join(" " * indent + item for item in items)
