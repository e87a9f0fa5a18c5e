"""Parses dates and times from text with tensor operations.

It works on whole columns: the cells' bytes are a matrix, which a cursor per row reads.

The civil calendar's arithmetic is Howard Hinnant's ("chrono-Compatible Low-Level Date Algorithms"),
proleptic Gregorian.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shardmill.transforms.kinds.base import Tensor

# The most digits of each numeric field of a format; as in `strptime`, fewer are accepted too.
WIDTHS: Mapping[str, int] = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "f": 6, "j": 3}
# The number of letters of each field of letters.
NAMES: Mapping[str, int] = {"b": 3, "p": 2}
_MONTHS = (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec")
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
# Seconds of a day.
_DAY = 86400
# The formulas' year begins in March, which is month 0: February's number in the calendar, January's
# in the formulas.
_FEBRUARY = 2
_SHIFTED_JANUARY = 10


@dataclass(frozen=True)
class Format:
    """A parsed date format.

    Attributes:
        items: Fields by their letter (`("Y", None)`) and literal characters (`("", b"-")`), in
            order.
    """

    items: tuple[tuple[str, bytes | None], ...]

    @property
    def fields(self) -> frozenset[str]:
        """The letters of the format's fields."""
        return frozenset(letter for letter, _ in self.items if letter)

    @property
    def width(self) -> int:
        """The most bytes of a text in this format."""
        return sum(
            len(literal) if literal is not None else {**WIDTHS, **NAMES}[letter] for letter, literal in self.items
        )


def parse_format(text: str) -> Format:
    """Parses a format such as `%Y-%m-%d %H:%M:%S`.

    Raises:
        ValueError: A field is unknown or repeated, or there is none; the message says which.
    """
    items: list[tuple[str, bytes | None]] = []
    characters = iter(text)
    for character in characters:
        letter = next(characters, "") if character == "%" else ""
        if character != "%" or letter == "%":
            items.append(("", character.encode()))
        elif letter not in WIDTHS and letter not in NAMES:
            known = " ".join(f"%{each}" for each in (*WIDTHS, *NAMES, "%"))
            raise ValueError(f"'%{letter}' isn't known; expected one of {known}")
        else:
            items.append((letter, None))
    letters = [letter for letter, _ in items if letter]
    if not letters:
        raise ValueError("it has no field; expected a format such as '%Y-%m-%d'")
    repeated = {"b": "m", "y": "Y", "I": "H"}
    plain = [repeated.get(letter, letter) for letter in letters]
    twice = [letter for index, letter in enumerate(letters) if plain[index] in plain[:index]]
    if twice:
        raise ValueError(f"'%{twice[0]}' repeats another field; remove one of them")
    return Format(tuple(items))


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
        # Some columns of zero bytes past the end, so that no field reads outside the matrix.
        columns = layout.width + 8
        octets = self._raw.DecodePaddedRaw(input_bytes=texts, fixed_length=columns, out_type=tf.uint8)
        self._octets = self._raw.Cast(x=octets, DstT=tf.int64)
        self._columns = columns
        self._lengths = self._raw.Cast(x=self._raw.StringLength(input=texts), DstT=tf.int64)
        self._at = self._raw.ZerosLike(x=self._lengths)
        self._valid = self._raw.OnesLike(x=self._raw.Equal(x=self._lengths, y=self._lengths))
        self._limit = np.int64(columns - 7)

    def read(self, layout: Format) -> tuple[dict[str, Tensor], Tensor]:
        """Parses the texts.

        Returns int64[batch] fields by letter, and bool[batch]: whether the text fits the format.
        The fields of a text that doesn't fit mean nothing.
        """
        fields: dict[str, Tensor] = {}
        for letter, literal in layout.items:
            if literal is not None:
                for octet in literal:
                    self._require(self._raw.Equal(x=self._columns_at(1)[0], y=np.int64(octet)))
                    self._advance(np.int64(1))
            elif letter in NAMES:
                fields[letter] = self._name(letter)
            else:
                fields[letter] = self._digits(letter)
        self._require(self._raw.Equal(x=self._at, y=self._lengths))
        return fields, self._valid

    def _require(self, condition: Tensor) -> None:
        self._valid = self._raw.LogicalAnd(x=self._valid, y=condition)

    def _advance(self, by: Tensor) -> None:
        self._at = self._raw.Minimum(x=self._raw.AddV2(x=self._at, y=by), y=self._limit)

    def _columns_at(self, width: int) -> list[Tensor]:
        """The next bytes of each row: one tensor per column."""
        positions = self._raw.AddV2(
            x=self._raw.ExpandDims(input=self._at, axis=1), y=np.arange(width, dtype=np.int64)[None]
        )
        batch = self._scalar(self._raw.Shape(input=self._at, out_type=self._int64))
        rows = self._raw.Range(start=np.int64(0), limit=batch, delta=np.int64(1))
        flat = self._raw.AddV2(
            x=positions, y=self._raw.ExpandDims(input=self._raw.Mul(x=rows, y=np.int64(self._columns)), axis=1)
        )
        octets = self._raw.GatherV2(params=self._raw.Reshape(tensor=self._octets, shape=[-1]), indices=flat, axis=0)
        return list(self._raw.Unpack(value=octets, num=width, axis=1))

    def _scalar(self, shape: Tensor) -> Tensor:
        return self._raw.Reshape(tensor=shape, shape=np.zeros(0, np.int32))

    def _digits(self, letter: str) -> Tensor:
        """Parses a numeric field.

        It takes as many digits as there are, up to the field's width, and at least one; a year
        needs all of its digits.
        """
        width = WIDTHS[letter]
        value = self._raw.ZerosLike(x=self._at)
        going = self._raw.OnesLike(x=self._valid)
        taken = self._raw.ZerosLike(x=self._at)
        for octet in self._columns_at(width):
            digit = self._raw.Sub(x=octet, y=np.int64(ord("0")))
            going = self._raw.LogicalAnd(x=going, y=self._between(digit, 0, 9))
            more = self._raw.AddV2(x=self._raw.Mul(x=value, y=np.int64(10)), y=digit)
            value = self._raw.SelectV2(condition=going, t=more, e=value)
            taken = self._raw.AddV2(x=taken, y=self._raw.Cast(x=going, DstT=self._int64))
        self._require(self._raw.GreaterEqual(x=taken, y=np.int64(width if letter in "Yy" else 1)))
        self._advance(taken)
        if letter in _RANGES:
            self._require(self._between(value, *_RANGES[letter]))
        return value

    def _name(self, letter: str) -> Tensor:
        """Parses a month's English name, or AM and PM.

        A month (three letters) is 1 to 12, AM is 0 and PM is 12. Upper and lower case are the same.
        """
        names = _MONTHS if letter == "b" else (b"am", b"pm")
        code = self._raw.ZerosLike(x=self._at)
        for octet in self._columns_at(NAMES[letter]):
            # Bit 5 makes a letter lower case.
            lower = self._raw.BitwiseOr(x=octet, y=np.int64(32))
            code = self._raw.AddV2(x=self._raw.Mul(x=code, y=np.int64(256)), y=lower)
        codes = np.array([int.from_bytes(name, "big") for name in names], np.int64)
        same = self._raw.Equal(x=self._raw.ExpandDims(input=code, axis=1), y=codes[None])
        values = np.arange(1, 13) if letter == "b" else np.array([0, 12])
        numbers = self._raw.Mul(x=self._raw.Cast(x=same, DstT=self._int64), y=values.astype(np.int64)[None])
        self._require(self._raw.Any(input=same, axis=[1]))
        self._advance(np.int64(NAMES[letter]))
        return self._raw.Max(input=numbers, axis=[1])

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
        days = seconds // _DAY
        second_of_day = seconds - days * _DAY
        clock = {"hour": second_of_day // 3600, "minute": second_of_day // 60 % 60, "second": second_of_day % 60}
        return {**self.of_days(days), **clock}

    def of_days(self, days: Tensor) -> dict[str, Tensor]:
        """All parts of a date from days since 1970-01-01."""
        year, month, day = self.civil_from_days(days)
        # 1970-01-01 was a Thursday; Monday is 0.
        first = self.days_from_civil(year, self.tf.ones_like(year), self.tf.ones_like(year))
        return {"year": year, "month": month, "day": day, "weekday": (days + 3) % 7, "day_of_year": days - first + 1}
