"""Names and values as TOML."""

import sys

from hypothesis import given
from hypothesis import strategies as st

from shardmill.pipelines.init.toml_text import toml_key, toml_string

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_string_and_a_key(text: str) -> None:
    """Odd column names are quoted, and read back as they are."""
    assert tomllib.loads(f"x = {toml_string(text)}") == {"x": text}
    assert tomllib.loads(f"{toml_key(text)} = 1") == {text: 1}


def test_names_cannot_write_to_a_terminal() -> None:
    """Control characters and marks that turn the direction of writing are escaped."""
    assert toml_key("\x1b[2J\x9b\u202e\u2028") == r'"\u001b[2J\u009b\u202e\u2028"'
