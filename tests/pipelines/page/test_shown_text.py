"""Text and numbers as the report shows them."""

import pytest

from shardmill.pipelines.page.shown_text import number, share, shortened, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0, "0"),
        (1234567, "1,234,567"),
        (12.613891, "12.614"),
        (-0.5, "\N{MINUS SIGN}0.5"),
        (0.00012345678, "0.00012"),
        (1.5e-7, "1.500e\N{MINUS SIGN}07"),
        (2.5e12, "2.500e+12"),
        (float("inf"), "∞"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_have_few_digits(value: float | None, text: str) -> None:
    """Five significant ones, or a power of ten."""
    assert number(value) == text


@pytest.mark.parametrize(
    ("part", "text"), [(0, "0 %"), (1e-6, "< 0.1 %"), (0.025, "2.5 %"), (0.99999, "> 99.9 %"), (1, "100 %")]
)
def test_a_part_isnt_rounded_to_nothing_or_all(part: float, text: str) -> None:
    """Who reads 0 % or 100 % takes it for none or all."""
    assert share(part) == text


def test_text_is_shown_on_a_line() -> None:
    """Control characters, marks of direction and line ends are escaped; long text is cut."""
    assert shown("a\x1b[31m\u202eb\nc") == r"a\u001b[31m\u202eb\nc"
    assert shown("x" * 200, 10) == "xxxxxxxxxx... (200 characters)"


def test_text_is_shortened_for_a_narrow_column() -> None:
    """Text that fits stays whole; other text ends in an ellipsis, and long texts' mark is words."""
    assert shortened("Taxi Affiliation", 16) == "Taxi Affiliation"
    assert shortened("__LARGE_BYTES__", 16) == "(long texts)"
    assert shortened("Taxi\nAffiliations", 16) == "Taxi\\nAffiliati…"
