"""Cells for tests of schema inference, and what Python takes them for."""

import math
import re
from decimal import Decimal

import numpy as np
from hypothesis import strategies as st

from shardmill.schemas.inference.spelling import LONGEST, Spelling
from tests.support.csv.strptime import COMMON, formats_of, read, texts

_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"


def spell(cell: str) -> Spelling:  # noqa: PLR0911 (one for each spelling)
    """What one cell spells, by Python's own means."""
    if len(cell.encode()) > LONGEST:
        return Spelling.TEXT
    text = cell.strip(" \t\n\v\f\r")
    if not text:
        return Spelling.BLANK
    if re.fullmatch(_NUMBER, text):
        return _spell_number(text)
    lower = text.lower()
    if lower.lstrip("+-") in ("inf", "infinity") and len(lower) - len(lower.lstrip("+-")) <= 1:
        return Spelling.INFINITE
    if lower in ("nan", "+nan", "-nan"):
        return Spelling.NAN
    if lower in ("true", "false"):
        return Spelling.BOOLEAN
    # No format has blanks around it, so a date within some is text.
    return Spelling.DATE if text == cell and date_formats(cell) else Spelling.TEXT


def date_formats(cell: str) -> frozenset[str]:
    """The formats in which one cell is a date, by Python's own means."""
    text = cell.strip(" \t\n\v\f\r")
    if re.fullmatch(_NUMBER, text):
        digits = str(int(Decimal(text))) if _spell_number(text) in (Spelling.INTEGER, Spelling.WHOLE) else ""
        days = {"%Y%m%d": 8, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}
        moments = {name: read(digits, name) for name, width in days.items() if len(digits) == width}
        return frozenset(name for name, moment in moments.items() if moment and 1900 <= moment.year <= 2100)
    return formats_of(cell) if len(cell.encode()) <= LONGEST else frozenset()


def _spell_number(text: str) -> Spelling:
    digits = text.lstrip("+-")
    if len(digits) > 1 and digits[0] == "0" and digits.isdecimal():
        return Spelling.LEADING_ZERO
    if is_whole(text):
        return Spelling.INTEGER if digits.isdecimal() else Spelling.WHOLE
    if not math.isfinite(_float32(text)):
        return Spelling.HUGE
    return Spelling.BIG if digits.isdecimal() else Spelling.FLOAT


def is_whole(text: str) -> bool:
    """Whether a number's text spells an integer within int64, but for the one that stands for a missing value."""
    number = Decimal(text)
    return number == number.to_integral_value() and abs(number) < 2**63


def _float32(text: str) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(float(text)))


cells = st.one_of(
    st.integers(-(10**21), 10**21).map(str),
    st.integers(-100, 100).map(str),
    st.floats().map(repr),
    st.floats(-1e6, 1e6, width=32).map(lambda value: f"{value:.2f}"),
    st.text("0123456789+-.eE xT/:", min_size=1, max_size=12),
    st.sampled_from(
        [
            "true",
            "False",
            "TRUE",
            "nan",
            "NaN",
            "-inf",
            "Infinity",
            "2013-01-31",
            "1/2/2013",
            "13/12/2013",
            "31.12.2013",
            "20130131",
            "20130229",
            "201312312359",
            "Jan  5 2013",
            "may 5, 2013",
            "2013-02-29",
            "12:30 PM",
            "007",
            "+3",
            "0x10",
            "1e39",
        ]
    ),
    st.sampled_from(
        ["  3", "3\t", " ", "- 1", " 1 2 ", "9223372036854775807", "-9223372036854775808", "1e999", "é", "0" * 70]
    ),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
    texts(COMMON),
)


columns = st.lists(st.one_of(st.none(), st.just(""), cells), max_size=60)
