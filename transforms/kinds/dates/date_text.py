"""Parses dates and times from text with tensor operations.

It works on whole columns: the cells' bytes are a matrix, which a cursor per row reads.

The civil calendar's arithmetic is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms"),
proleptic Gregorian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shardmill.transforms.kinds.base import Tensor

# The most digits of each numeric field of a format; as in `strptime`, fewer are accepted too. A
# fraction may be of nanoseconds, which `strptime` doesn't read.
WIDTHS: Mapping[str, int] = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "f": 9, "j": 3}
_MONTHS = b"january february march april may june july august september october november december".split()
_WEEKDAYS = b"monday tuesday wednesday thursday friday saturday sunday".split()
# The words of each field of letters; the first three letters tell them apart.
NAMES: Mapping[str, tuple[bytes, ...]] = {
    "b": tuple(name[:3] for name in _MONTHS),
    "B": tuple(_MONTHS),
    "a": tuple(name[:3] for name in _WEEKDAYS),
    "A": tuple(_WEEKDAYS),
    "p": (b"am", b"pm"),
}
_TELLING = 3
# The most bytes of an offset from UTC: +02:00.
_ZONE = 6
# The most bytes of any field: "september" and "wednesday".
_LONGEST = 9
# Fields that say the same as another.
_SAME: Mapping[str, str] = {"b": "m", "B": "m", "y": "Y", "I": "H", "A": "a"}
# The least and the greatest valid value of each field.
_RANGES: Mapping[str, tuple[int, int]] = {
    "Y": (1, 9999),
    "m": (1, 12),
    "d": (1, 31),
    "j": (1, 366),
    "H": (0, 23),
    "I": (1, 12),
    "M": (0, 59),
    "S": (0, 59),
}
_POWERS_OF_TWO = np.array([1 << bit for bit in range(_LONGEST)], np.int64)
# How many of a number's lowest bits are 1, before the first 0.
_LEADING_ONES = [(~bits & (bits + 1)).bit_length() - 1 for bits in range(1 << _LONGEST)]
# A blank of a format: one or two blanks of a text, as in "Jan  5".
_BLANK = ("", b"  ")
# Seconds of a day.
DAY = 86400
# The formulas' year begins in March, which is month 0: February's number in the calendar, January's
# in the formulas.
_FEBRUARY = 2
_SHIFTED_JANUARY = 10
_THURSDAY, _SATURDAY = 3, 5


@dataclass(frozen=True)
class Format:
    """A parsed date format.

    Attributes:
        items: Fields by their letter (`("Y", None)`) and literal characters (`("", b"-")`), in
            order. Blanks are one item, `("", b"  ")`.
    """

    items: tuple[tuple[str, bytes | None], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The letters of the format's fields."""
        return frozenset(letter for letter, _ in self.items if letter)

    @property
    def width(self) -> int:
        """The most bytes of a text in this format."""
        return sum(_bytes(letter) if literal is None else len(literal) for letter, literal in self.items)

    @property
    def has_date(self) -> bool:
        """Whether the format gives a day of the calendar."""
        fields = {_SAME.get(letter, letter) for letter in self.fields}
        return {"Y", "m", "d"} <= fields or {"Y", "j"} <= fields

    @property
    def has_hour(self) -> bool:
        """Whether the format gives the hour of the day."""
        return "H" in self.fields or {"I", "p"} <= self.fields


def _bytes(letter: str) -> int:
    if letter in NAMES:
        return max(map(len, NAMES[letter]))
    return _ZONE if letter == "z" else WIDTHS[letter]


def parse_format(text: str) -> Format:
    """Parses a format such as `%Y-%m-%d %H:%M:%S`.

    As in `strptime`, several blanks are the same as one.

    Raises:
        ValueError: A field is unknown or repeated, there is none, or an offset from UTC has nothing
            to be taken from; the message says which.
    """
    items: list[tuple[str, bytes | None]] = []
    characters = iter(text)
    for character in characters:
        letter = next(characters, "") if character == "%" else ""
        if character == " ":
            items += [] if items and items[-1] == _BLANK else [_BLANK]
        elif character != "%" or letter == "%":
            items.append(("", character.encode()))
        elif letter not in (*WIDTHS, *NAMES, "z"):
            known = " ".join(f"%{each}" for each in (*WIDTHS, *NAMES, "z", "%"))
            raise ValueError(f"'%{letter}' isn't known; expected one of {known}")
        else:
            items.append((letter, None))
    letters = [letter for letter, _ in items if letter]
    if not letters:
        raise ValueError("it has no field; expected a format such as '%Y-%m-%d'")
    plain = [_SAME.get(letter, letter) for letter in letters]
    twice = [letter for index, letter in enumerate(letters) if plain[index] in plain[:index]]
    if twice:
        raise ValueError(f"'%{twice[0]}' repeats another field; remove one of them")
    layout = Format(tuple(items))
    if "z" in letters and not (layout.has_date if set("Ymdj") & set(plain) else layout.has_hour):
        raise ValueError("'%z' needs a whole date, or else an hour, from which to go to UTC; add it, or remove '%z'")
    if "z" in letters and "I" in letters and not layout.has_hour:
        raise ValueError("'%z' needs the hour of the day; add '%p' for '%I', or remove '%z'")
    return layout


def _weights(width: int) -> npt.NDArray[np.int64]:
    """The weight of each digit, by the number of digits.

    Returns:
        int64 [width + 1, width].
    """
    return np.array(
        [
            [10 ** (taken - column - 1) if column < taken else 0 for column in range(width)]
            for taken in range(width + 1)
        ],
        np.int64,
    )


class Cursor:
    """Reads a column of texts in one format."""

    def __init__(self, tf: Any, texts: Tensor, layout: Format) -> None:
        """Decodes the texts into a matrix of bytes.

        Args:
            tf: The TensorFlow module.
            texts: string[batch].
            layout: The format that the texts should have.
        """
        self._raw = tf.raw_ops
        self._int64 = tf.int64
        # Zero bytes past the end: no field reads outside the matrix, since each takes its width at
        # most.
        columns = layout.width + _LONGEST
        matrix = self._raw.DecodePaddedRaw(input_bytes=texts, fixed_length=columns, out_type=tf.uint8)
        self._octets = self._raw.Reshape(tensor=self._raw.Cast(x=matrix, DstT=tf.int64), shape=[-1])
        lengths = self._raw.Cast(x=self._raw.StringLength(input=texts), DstT=tf.int64)
        # Where each row's next byte is, and where its text ends.
        end = self._raw.Size(input=self._octets, out_type=tf.int64)
        self._at = self._raw.Range(start=np.int64(0), limit=end, delta=np.int64(columns))
        self._ends = self._raw.AddV2(x=self._at, y=lengths)
        self._valid = self._raw.OnesLike(x=self._raw.Equal(x=lengths, y=lengths))

    def read(self, layout: Format) -> tuple[dict[str, Tensor], Tensor]:
        """Parses the texts.

        Returns int64[batch] fields by letter, and bool[batch]: whether the text fits the format.
        The fields of a text that doesn't fit mean nothing.
        """
        fields: dict[str, Tensor] = {}
        for letter, literal in layout.items:
            if (letter, literal) == _BLANK:
                self._blank()
            elif literal is not None:
                for octet in literal:
                    found = self._raw.GatherV2(params=self._octets, indices=self._at, axis=0)
                    self._require(self._raw.Equal(x=found, y=np.int64(octet)))
                    self._advance(np.int64(1))
            elif letter in NAMES:
                fields[letter] = self._name(letter)
            elif letter == "z":
                fields[letter] = self._zone()
            else:
                fields[letter] = self._digits(letter)
        self._require(self._raw.Equal(x=self._at, y=self._ends))
        return fields, self._valid

    def _require(self, condition: Tensor) -> None:
        self._valid = self._raw.LogicalAnd(x=self._valid, y=condition)

    def _advance(self, by: Tensor) -> None:
        self._at = self._raw.AddV2(x=self._at, y=by)

    def _next(self, width: int) -> Tensor:
        """The next bytes of each row: int64 [batch, width]."""
        columns = np.arange(width, dtype=np.int64)[None]
        indices = self._raw.AddV2(x=self._raw.ExpandDims(input=self._at, axis=1), y=columns)
        return self._raw.GatherV2(params=self._octets, indices=indices, axis=0)

    def _columns(self, width: int) -> list[Tensor]:
        """The next bytes of each row, one tensor per column."""
        return list(self._raw.Unpack(value=self._next(width), num=width, axis=1))

    def _blank(self) -> None:
        """Takes one blank or two."""
        first, second = self._columns(2)
        self._require(self._raw.Equal(x=first, y=np.int64(ord(" "))))
        two = self._raw.Cast(x=self._raw.Equal(x=second, y=np.int64(ord(" "))), DstT=self._int64)
        self._advance(self._raw.AddV2(x=two, y=np.int64(1)))

    def _digits(self, letter: str) -> Tensor:
        """Parses a numeric field.

        It takes as many digits as there are, up to the field's width, and at least one; a year
        needs all of its digits.
        """
        width = WIDTHS[letter]
        digits = self._raw.Sub(x=self._next(width), y=np.int64(ord("0")))
        # A bit for each byte that is a digit, the first one's lowest.
        bits = self._raw.Mul(
            x=self._raw.Cast(x=self._between(digits, 0, 9), DstT=self._int64), y=_POWERS_OF_TWO[None, :width]
        )
        taken = self._pick(_LEADING_ONES[: 1 << width], self._raw.Sum(input=bits, axis=[1]))
        weights = self._pick(_weights(width), taken)
        value = self._raw.Sum(input=self._raw.Mul(x=digits, y=weights), axis=[1])
        self._require(self._raw.GreaterEqual(x=taken, y=np.int64(width if letter in "Yy" else 1)))
        self._advance(taken)
        if letter in _RANGES:
            self._require(self._between(value, *_RANGES[letter]))
        return value

    def _name(self, letter: str) -> Tensor:
        """Parses an English month or weekday, or AM and PM.

        A month is 1 to 12, Monday is 0, AM is 0 and PM is 12. Upper and lower case are the same.
        """
        names = NAMES[letter]
        # Bit 5 makes a letter lower case.
        octets = [self._raw.BitwiseOr(x=octet, y=np.int64(32)) for octet in self._columns(_bytes(letter))]
        code = self._raw.ZerosLike(x=self._at)
        for octet in octets[:_TELLING]:
            code = self._raw.AddV2(x=self._raw.Mul(x=code, y=np.int64(256)), y=octet)
        codes = np.array([int.from_bytes(name[:_TELLING], "big") for name in names], np.int64)
        same = self._raw.Equal(x=self._raw.ExpandDims(input=code, axis=1), y=codes[None])
        self._require(self._raw.Any(input=same, axis=[1]))
        numbers = self._raw.Mul(
            x=self._raw.Cast(x=same, DstT=self._int64), y=np.arange(len(names), dtype=np.int64)[None]
        )
        chosen = self._raw.Max(input=numbers, axis=[1])
        for index, octet in enumerate(octets[_TELLING:], _TELLING):
            # 0 where the name has ended.
            expected = self._pick([(*name, *bytes(_LONGEST))[index] for name in names], chosen)
            ended = self._raw.Equal(x=expected, y=np.int64(0))
            self._require(self._raw.LogicalOr(x=ended, y=self._raw.Equal(x=expected, y=octet)))
        self._advance(self._pick(list(map(len, names)), chosen))
        step, first = {"b": (1, 1), "B": (1, 1), "p": (12, 0)}.get(letter, (1, 0))
        return self._pick([first + step * index for index in range(len(names))], chosen)

    def _pick(self, values: "list[int] | npt.NDArray[np.int64]", index: Tensor) -> Tensor:
        """The value at each row's index in a list."""
        return self._raw.GatherV2(params=np.array(values, np.int64), indices=index, axis=0)

    def _zone(self) -> Tensor:
        """Parses an offset from UTC, in seconds.

        It is spelled Z, +02, +0200 or +02:00.
        """
        sign, *octets = self._columns(_ZONE)
        zulu = self._raw.Equal(x=sign, y=np.int64(ord("Z")))
        plus = self._raw.Equal(x=sign, y=np.int64(ord("+")))
        minus = self._raw.Equal(x=sign, y=np.int64(ord("-")))
        colon = self._raw.Equal(x=octets[2], y=np.int64(ord(":")))
        hours, timed = self._two_digits(octets[0], octets[1], 23)
        self._require(
            self._raw.LogicalOr(x=zulu, y=self._raw.LogicalAnd(x=timed, y=self._raw.LogicalOr(x=plus, y=minus)))
        )
        tens = self._raw.SelectV2(condition=colon, t=octets[3], e=octets[2])
        units = self._raw.SelectV2(condition=colon, t=octets[4], e=octets[3])
        minutes, precise = self._two_digits(tens, units, 59)
        minutes = self._raw.SelectV2(condition=precise, t=minutes, e=np.int64(0))
        long = self._raw.AddV2(x=self._raw.Cast(x=colon, DstT=self._int64), y=np.int64(5))
        taken = self._raw.SelectV2(condition=precise, t=long, e=np.int64(3))
        self._advance(self._raw.SelectV2(condition=zulu, t=np.int64(1), e=taken))
        seconds = self._raw.Mul(x=self._raw.AddV2(x=self._raw.Mul(x=hours, y=np.int64(60)), y=minutes), y=np.int64(60))
        signed = self._raw.SelectV2(condition=minus, t=self._raw.Neg(x=seconds), e=seconds)
        return self._raw.SelectV2(condition=zulu, t=np.int64(0), e=signed)

    def _two_digits(self, tens: Tensor, units: Tensor, most: int) -> tuple[Tensor, Tensor]:
        """The number that two bytes spell, and its validity."""
        first, second = (self._raw.Sub(x=octet, y=np.int64(ord("0"))) for octet in (tens, units))
        value = self._raw.AddV2(x=self._raw.Mul(x=first, y=np.int64(10)), y=second)
        digits = self._raw.LogicalAnd(x=self._between(first, 0, 9), y=self._between(second, 0, 9))
        return value, self._raw.LogicalAnd(x=digits, y=self._raw.LessEqual(x=value, y=np.int64(most)))

    def _between(self, values: Tensor, low: int, high: int) -> Tensor:
        above = self._raw.GreaterEqual(x=values, y=np.int64(low))
        return self._raw.LogicalAnd(x=above, y=self._raw.LessEqual(x=values, y=np.int64(high)))


@dataclass(frozen=True)
class Arithmetic:
    """Calendar arithmetic on int64 tensors.

    Tensors' operators let the code read like the formulas.

    Attributes:
        tf: The TensorFlow module.
    """

    tf: Any

    def days_from_civil(self, year: Tensor, month: Tensor, day: Tensor) -> Tensor:
        """Days since 1970-01-01."""
        early = self.tf.cast(month <= _FEBRUARY, self.tf.int64)
        year = year - early
        era = year // 400
        year_of_era = year - era * 400
        day_of_year = (153 * (month + 12 * early - 3) + 2) // 5 + day - 1
        day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
        return era * 146097 + day_of_era - 719468

    def civil_from_days(self, days: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Year, month and day from days since 1970-01-01."""
        shifted = days + 719468
        era = shifted // 146097
        day_of_era = shifted - era * 146097
        year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
        day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
        shifted_month = (5 * day_of_year + 2) // 153
        day = day_of_year - (153 * shifted_month + 2) // 5 + 1
        late = self.tf.cast(shifted_month >= _SHIFTED_JANUARY, self.tf.int64)
        return year_of_era + era * 400 + late, shifted_month + 3 - 12 * late, day

    def of_seconds(self, seconds: Tensor) -> dict[str, Tensor]:
        """All parts from seconds since 1970-01-01T00:00:00 UTC."""
        days = seconds // DAY
        second_of_day = seconds - days * DAY
        clock = {"hour": second_of_day // 3600, "minute": second_of_day // 60 % 60, "second": second_of_day % 60}
        return {**self.of_days(days), **clock}

    def of_days(self, days: Tensor) -> dict[str, Tensor]:
        """All parts of a date from days since 1970-01-01."""
        year, month, day = self.civil_from_days(days)
        # 1970-01-01 was a Thursday; Monday is 0.
        first = self.days_from_civil(year, self.tf.ones_like(year), self.tf.ones_like(year))
        return {"year": year, "month": month, "day": day, "weekday": (days + 3) % 7, "day_of_year": days - first + 1}

    def part(self, name: str, values: Mapping[str, Tensor]) -> Tensor:
        """A part of a date by its name.

        Args:
            name: The part.
            values: The known parts: those of a whole date; for a quarter the month will do.
        """
        if name in values:
            return values[name]
        if name == "quarter":
            return (values["month"] + 2) // 3
        if name == "is_weekend":
            return self.tf.cast(values["weekday"] >= _SATURDAY, self.tf.int64)
        # By ISO 8601 a week is of the year that its Thursday is in.
        days = self.days_from_civil(values["year"], values["month"], values["day"])
        thursday = self.of_days(days - values["weekday"] + _THURSDAY)
        return (thursday["day_of_year"] - 1) // 7 + 1
