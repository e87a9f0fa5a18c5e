"""Formats of dates and times, recognized from their cells.

A cell's shape is its text with 0 for each digit and `a` for each letter. A column of dates has few
shapes, so formats are tried on shapes; the digits and names of all cells of a shape are then
checked at once. A cell counts for each format that it fits as a day of the calendar, so counts add
up to the same however rows are cut.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.arrow import binary_of, bounds, to_numpy

_Bools = npt.NDArray[np.bool_]
_Counts = npt.NDArray[np.int64]
_Bytes = npt.NDArray[np.uint8]

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

DATES = (
    *(f"%Y{mark}%m{mark}%d" for mark in "-/."),
    *(order.replace("-", mark) for mark in "/-." for order in ("%m-%d-%Y", "%d-%m-%Y", "%m-%d-%y", "%d-%m-%y")),
    *(f"%y{mark}%m{mark}%d" for mark in "-/."),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %b %y", "%d/%b/%Y", "%d%b%Y", "%d %B %Y", "%d-%B-%Y", "%d %b, %Y"),
    *("%b %d %Y", "%b %d, %Y", "%b-%d-%Y", "%B %d %Y", "%B %d, %Y", "%Y-%b-%d", "%Y %b %d", "%Y%m%d"),
    *("%a, %d %b %Y", "%a %d %b %Y", "%a %b %d %Y", "%a, %b %d, %Y", "%A, %d %B %Y", "%A, %B %d, %Y"),
)
"""Formats of days, with or without a time behind them."""

MONTHLY = ("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%b-%Y", "%b-%y", "%B %Y", "%B-%Y")
"""Formats of months."""

WHOLE = ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S%z", "%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y")
"""Formats in which a time can't be left out, or stands inside the date."""

_ZONE = r"[+-]00(?::?00)?|a"
_SHAPES: Mapping[str, str] = {
    **dict.fromkeys("mdHI", "0{1,2}"),
    **dict.fromkeys("yMS", "00"),
    **dict.fromkeys("ba", "aaa"),
    "Y": "0000",
    "B": "a{3,9}",
    "A": "a{6,9}",
    "z": _ZONE,
}
_JOINTS = ("T", " ", "_", ":", "-", ", ")
# Between these and a time, hours may stand alone.
_CLEAR = ("T", " ")
_TIME = (
    r"(?P<H>0{1,2})(?::(?P<M>00)(?::(?P<S>00)(?:[.,](?P<f>0{1,9}))?)?)?"
    rf"(?:(?P<word> aaa)|(?: ?(?P<p>aa)(?= |$))?(?: ?(?P<z>{_ZONE}))?)"
)
# The least and the greatest value of each numeric field.
_RANGES: Mapping[str, tuple[int, int]] = {
    "Y": (1, 9999),
    "m": (1, 12),
    "d": (1, 31),
    "H": (0, 23),
    "I": (1, 12),
    "M": (0, 59),
    "S": (0, 59),
}
_NAMES: Mapping[str, list[str]] = {
    "b": [name[:3] for name in MONTHS],
    "B": MONTHS,
    "a": [name[:3] for name in WEEKDAYS],
    "A": WEEKDAYS,
    "p": ["am", "pm"],
}
_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_FEBRUARY = 2
# Offsets from UTC are shorter than a day.
_HOURS, _MINUTES = 24, 60
# Bytes of an offset without minutes.
_HOURS_ONLY = 3
# Integers are taken for days of these years only.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
INTEGER_DATES: Mapping[str, int] = {"%Y%m%d": 1, "%Y%m%d%H%M": 10**4, "%Y%m%d%H%M%S": 10**6}
"""Formats of integers, with the number of which a day is a multiple."""


class Layout(NamedTuple):
    """A format as it lies in a shape.

    Attributes:
        format: The `strptime` format.
        fields: Each field's letter, start and stop.
        words: The start and the text of literal letters.
    """

    format: str
    fields: tuple[tuple[str, int, int], ...]
    words: tuple[tuple[int, bytes], ...]


def count_dates(cells: pa.Array, weights: _Counts) -> tuple[Counter[str], _Bools]:
    """Counts cells by the formats that they fit.

    Args:
        cells: Short strings that may be dates, none null, at least one.
        weights: How often each cell occurs, int64 [len(cells)].

    Returns:
        The number of cells of each format; and whether a cell has one, bool [len(cells)].
    """
    formats: Counter[str] = Counter()
    found = np.zeros(len(cells), np.bool_)
    for members, name, valid in _formats_of(cells):
        formats[name] += int(weights[members][valid].sum())
        found[members] |= valid
    return +formats, found


def fit_format(cells: pa.Array, name: str) -> _Bools:
    """Tells which cells fit a format.

    Args:
        cells: Strings, none null or empty, at least one.
        name: One of the formats that `count_dates` finds.

    Returns:
        bool [len(cells)].
    """
    found = np.zeros(len(cells), np.bool_)
    for members, each, valid in _formats_of(cells):
        if each == name:
            found[members] |= valid
    return found


def _formats_of(cells: pa.Array) -> Iterator[tuple[_Bools, str, _Bools]]:
    """Tries the formats of each shape on its cells.

    Yields:
        Which cells have the shape, bool [len(cells)]; a format of it; and which of these cells fit.
    """
    data, starts, stops = bounds(cells)
    edges = np.append(starts, stops[-1]) - starts[0]
    shapes = binary_of(_SHAPE_OF.take(data[starts[0] : stops[-1]]), edges).cast(pa.large_string()).dictionary_encode()
    kinds = to_numpy(shapes.indices)
    known = pc.match_substring_regex(shapes.dictionary, _grammar()).to_numpy(zero_copy_only=False)
    for kind in np.flatnonzero(known).tolist():
        members = kinds == kind
        group = cells if members.all() else cells.filter(pa.array(members))
        octets, starts, stops = bounds(group)
        matrix = octets[starts[0] : stops[-1]].reshape(len(group), -1)
        for layout in layouts(shapes.dictionary[kind].as_py()):
            yield members, layout.format, _fit(matrix, layout)


def count_integer_dates(values: _Counts, weights: _Counts) -> Counter[str]:
    """Counts integers by the date formats that they fit.

    20130131 is a day, as are others of the years from 1900 to 2100.
    """
    formats: Counter[str] = Counter()
    low, high = int(values.min()), int(values.max())
    for name, unit in INTEGER_DATES.items():
        first, last = _FIRST_YEAR * 10_000 * unit, (_LAST_YEAR + 1) * 10_000 * unit
        if high < first or low >= last:
            continue
        inside = (values >= first) & (values < last)
        days, clock = np.divmod(values[inside], unit)
        parts = {"Y": days // 10_000, "m": days // 100 % 100, "d": days % 100}
        seconds = clock if "%S" in name else clock * 100
        parts |= {"H": seconds // 10_000, "M": seconds // 100 % 100, "S": seconds % 100}
        formats[name] = int(weights[inside][_valid(parts)].sum())
    return +formats


def by_preference(formats: Mapping[str, int]) -> list[str]:
    """Sorts formats by their cells, most first.

    Of equal ones the likelier is first: with slashes months come before days, otherwise after
    them; a year of two digits is last.
    """
    return sorted(formats, key=lambda name: (-formats[name], _oddity(name), name))


def may_be_versions(name: str) -> bool:
    """Whether versions and scores, such as 1.2.10, fit a format.

    Days and months with a short year do, unless slashes or a time stand between them.
    """
    return re.fullmatch(r"%[md]([-.])%[md]\1%y", name) is not None


def is_date(name: str) -> bool:
    """Whether a format is more than a time."""
    return any(f"%{letter}" in name for letter in "YymdbB")


def order_of(name: str) -> str:
    """The letters of a format that say a day."""
    return "".join(letter for letter in re.findall("%(.)", name) if letter in "Yymd")


def _oddity(name: str) -> tuple[bool, ...]:
    order = order_of(name)
    swapped = "m" in order and "d" in order and (order.index("m") < order.index("d")) != ("/" in name)
    return (order.startswith("y"), swapped and not order.startswith("Y"), "%B" in name, "%z" in name)


def _shape_table() -> _Bytes:
    table = np.arange(256, dtype=np.uint8)
    table[ord("0") : ord("9") + 1] = ord("0")
    for first, last in ("az", "AZ"):
        table[ord(first) : ord(last) + 1] = ord("a")
    # What is no ASCII fits no format.
    table[128:] = ord("?")
    return table


_SHAPE_OF = _shape_table()


def _pattern(layout: str, *, named: bool) -> str:
    """The regular expression of a format's shapes.

    Behind a short year, days and months have two digits.
    """
    strict = layout.startswith("%y")
    pieces = []
    for letter, literal in re.findall("%(.)|([^%])", layout):
        if letter:
            shape = "00" if strict or ("T%H%M" in layout and letter in "mdHMS") else _SHAPES[letter]
            pieces.append(f"(?P<{letter}>{shape})" if named else f"(?:{shape})")
        else:
            pieces.append(" {1,2}" if literal == " " else ("a" if literal.isalpha() else re.escape(literal)))
    return "".join(pieces)


@lru_cache(maxsize=1)
def _grammar() -> str:
    """The regular expression of all formats' shapes, nearly."""
    time = re.sub(r"\?P<\w+>", "?:", _TIME.replace("(?= |$)", ""))
    joint = "|".join(_JOINTS).replace("T", "a")
    dates = "|".join(_pattern(layout, named=False) for layout in DATES)
    others = "|".join(_pattern(layout, named=False) for layout in (*MONTHLY, *WHOLE))
    return rf"^(?:(?:{dates})(?:(?:{joint}){time})?|{time}|{others})$"


@lru_cache(maxsize=4096)
def layouts(shape: str) -> tuple[Layout, ...]:
    """The formats that a shape may have."""
    found = []
    for text in (*MONTHLY, *WHOLE):
        match = re.fullmatch(_pattern(text, named=True), shape)
        if match:
            words = [(match.end("d"), b"T")] if "T%H" in text else []
            words += [(len(shape) - 1, b"Z")] if text.endswith("Z") else []
            found.append(Layout(text, _spans(match), tuple(words)))
    if re.fullmatch(_TIME, shape) and ":" in shape:
        found += _times(shape, 0, Layout("", (), ()))
    for text in DATES:
        match = re.match(_pattern(text, named=True), shape)
        if match:
            day = Layout(text, _spans(match), ())
            found += [day] if match.end() == len(shape) else _joined(shape, match.end(), day)
    return tuple(found)


def _spans(match: re.Match[str]) -> tuple[tuple[str, int, int], ...]:
    return tuple((letter, *match.span(letter)) for letter, text in match.groupdict().items() if text)


def _joined(shape: str, start: int, day: Layout) -> Iterator[Layout]:
    for joint in _JOINTS:
        stop = start + len(joint)
        if shape[start:stop] == joint.replace("T", "a") and (joint in _CLEAR or ":" in shape[stop:]):
            words = ((start, b"T"),) if joint == "T" else ()
            yield from _times(shape, stop, Layout(day.format + joint, day.fields, words))


def _times(shape: str, start: int, day: Layout) -> Iterator[Layout]:
    """Continues a layout with the time from a position on."""
    match = re.compile(_TIME).fullmatch(shape, start)
    if match is None:
        return
    text, at = day.format, start
    fields = list(day.fields)
    for letter, begin, end in _spans(match):
        if letter == "word" or shape[begin:end] == "a":
            break
        name = "I" if letter == "H" and match["p"] else letter
        text += f"{shape[at:begin]}%{name}"
        fields.append((name, begin, end))
        at = end
    rest = shape[at:]
    if not rest:
        yield Layout(text, tuple(fields), day.words)
    elif rest.endswith("aaa"):
        for word in ("UTC", "GMT"):
            yield Layout(f"{text} {word}", tuple(fields), (*day.words, (at + 1, word.encode())))
    else:
        gap = rest[:-1]
        yield Layout(f"{text}{gap}Z", tuple(fields), (*day.words, (at + len(gap), b"Z")))
        yield Layout(f"{text}{gap}%z", (*fields, ("z", at + len(gap), len(shape))), day.words)


def _fit(matrix: _Bytes, layout: Layout) -> _Bools:
    """Tells which cells of a shape fit a format.

    Returns:
        bool [cells].
    """
    valid = np.ones(len(matrix), np.bool_)
    for start, word in layout.words:
        valid &= (matrix[:, start : start + len(word)] == np.frombuffer(word, np.uint8)).all(axis=1)
    parts: dict[str, _Counts] = {}
    for letter, start, stop in layout.fields:
        piece = matrix[:, start:stop]
        if letter in _NAMES:
            number = _name(piece, _NAMES[letter])
            valid &= number > 0
            parts["m" if letter in "bB" else letter] = number
        elif letter == "z":
            valid &= _zone(piece)
        else:
            parts[letter] = _number(piece)
    return valid & _valid(parts)


def _number(digits: _Bytes) -> _Counts:
    number: _Counts = (digits.astype(np.int64) - ord("0")) @ 10 ** np.arange(digits.shape[1] - 1, -1, -1)
    return number


def _name(letters: _Bytes, names: list[str]) -> _Counts:
    """The number of each name, from 1; 0 for others."""
    lower = letters | 32
    numbers = np.zeros(len(letters), np.int64)
    for number, name in enumerate(names, 1):
        if len(name) == letters.shape[1]:
            numbers[(lower == np.frombuffer(name.encode(), np.uint8)).all(axis=1)] = number
    return numbers


def _zone(piece: _Bytes) -> _Bools:
    """Whether offsets from UTC are valid, such as +02:00."""
    if piece.shape[1] == 1:
        zulu: _Bools = piece[:, 0] == ord("Z")
        return zulu
    hours = _number(piece[:, 1:3])
    minutes = _number(piece[:, -2:]) if piece.shape[1] > _HOURS_ONLY else np.zeros_like(hours)
    valid: _Bools = (hours < _HOURS) & (minutes < _MINUTES)
    return valid


def _valid(parts: Mapping[str, _Counts]) -> _Bools:
    """Whether fields are valid, and the day in its month."""
    valid: _Bools = np.logical_and.reduce(
        [(parts[letter] >= low) & (parts[letter] <= high) for letter, (low, high) in _RANGES.items() if letter in parts]
    )
    if "d" in parts:
        month = np.where(valid, parts["m"], 1)
        # Of two digits, 00 is 2000: a leap year.
        year = parts["Y"] if "Y" in parts else parts["y"] + 2000
        leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
        valid &= parts["d"] <= _DAYS[month] + (leap & (month == _FEBRUARY))
    return valid
