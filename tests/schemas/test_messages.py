"""Words, values and lists as messages show them."""

import pytest

from shardmill.schemas.messages import cut, did_you_mean, listed, nearest, plural, quoted, shortened


def test_the_nearest_known_word_is_asked_for() -> None:
    """A word like a known one brings a question; another word nothing."""
    assert did_you_mean("pric", ["id", "price"]) == "; did you mean 'price'?"
    assert did_you_mean("colour", iter(["id", "price"])) == ""
    assert nearest("pric", iter(["id", "price"])) == "price"
    assert nearest("colour", []) is None


def test_a_noun_agrees_with_its_number() -> None:
    """One is singular; none and several are plural, with a comma in thousands."""
    assert [plural(count, "file") for count in (0, 1, 1200)] == ["0 files", "1 file", "1,200 files"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("it's", '"it\'s"'),
        ("x" * 40, f"'{'x' * 40}'"),
        ("x" * 41, f"'{'x' * 40}'... (of length 41)"),
        (b"x" * 41, f"b'{'x' * 40}'... (of length 41)"),
        (12, "12"),
    ],
)
def test_values_are_quoted(value: object, shown: str) -> None:
    """A short value is as Python writes it; a longer text is cut and its length told."""
    assert quoted(value) == shown


def test_long_text_is_cut() -> None:
    """A text up to the limit is whole; a longer one shows its beginning and its length."""
    assert cut("x" * 60) == "x" * 60
    assert cut("x" * 1234) == "x" * 60 + "... (1,234 characters)"


def test_long_lists_are_cut() -> None:
    """A list up to the limit is whole; of a longer one the number of the others is told."""
    assert listed(["a", "b"]) == "'a', 'b'"
    assert listed(["a", "b", "c"], 2, str) == "a, b and 1 more"
    assert listed(range(1500)).endswith("8, 9 and 1,490 more")


def test_another_program_is_quoted_up_to_a_limit() -> None:
    """A message of 1,500 characters is whole, a longer one loses its end."""
    assert shortened("x" * 1500) == "x" * 1500
    assert shortened("x" * 1501) == "x" * 1500 + " ..."
