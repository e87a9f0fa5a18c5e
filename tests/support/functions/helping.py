"""What `faulty.py` imports, as users' files import each other."""

from typing import Any


def add_text(values: Any) -> Any:
    """Fails: a text can't be added to numbers."""
    return values + "text"
