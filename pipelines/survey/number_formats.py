"""Recognizes columns of numbers in a notation of their own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.inference.infer import ColumnProfile, Profiles
from shardmill.schemas.inference.spelling import Spelling
from shardmill.schemas.inference.type_counts import decide
from shardmill.schemas.schema import ColumnType
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.numbers.number_format import NumberFormat
from shardmill.transforms.numbers.plain_numbers import plain_numbers
from shardmill.transforms.sniff.decision import Decision

# Pairs of words for true and false, in lower case.
_FLAGS = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"), ("on", "off"))
# Spellings of two words that may be in one column: TRUE, True, true.
_MOST_WORDS = 8
_MARKS = (",", ".", "'", "\u2019", "_", " ", "\u00a0", "\u202f")
# Not ASCII's, which means nothing around a number.
_WIDE_SPACES = ("\u00a0", "\u202f")
# Marks that also stand within codes, such as phone numbers.
_MARKS_OF_CODES = frozenset(_MARKS) - {","}
_UNITS = "[$€£¥₹₽₩₺₫₴₦฿%]|USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|BRL|CAD|AUD"
_SPACES = r"[\s\x{a0}\x{202f}]*"
_CELL = (
    rf"^{_SPACES}(?P<open>\(?){_SPACES}[-+]?(?P<before>{_UNITS})?{_SPACES}(?P<inner>\(?)[-+]?"
    r"(?P<number>[.,]?[0-9](?:[0-9.,'\x{2019}_ \x{a0}\x{202f}]*[0-9])?[.,]?)(?:[eE][-+]?[0-9]+)?"
    rf"{_SPACES}(?P<after>{_UNITS})?{_SPACES}\)?{_SPACES}$"
)
# Four digits in a row before the fraction: thousands aren't separated.
_UNGROUPED = r"^[0-9]{4}"
# Numbers such as 1.137, whose point may separate thousands, and their lengths.
_THREE_DIGITS = r"^[-+]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_LENGTHS = (5, 8)
PLAIN = NumberFormat()
"""The format of numbers that are read without one."""
# The share of distinct values that must be numbers: others may spell a missing one.
_SHARE = 0.9
_NOTHING = pa.array([""])


@dataclass(frozen=True)
class GuessedFormat:
    """The guessed format of a column's numbers.

    Attributes:
        number_format: The format.
        example: A cell that is spelled in it.
        other: Another format that its cells would fit, too. None means that there is none.
        reason: What else makes the guess doubtful; "" if nothing does.
    """

    number_format: NumberFormat
    example: str
    other: NumberFormat | None = None
    reason: str = ""

    @property
    def sure(self) -> bool:
        """Whether nothing speaks for another format."""
        return self.other is None and not self.reason

    def decision(self, column: str) -> Decision:
        """Tells the guess, and how it reads an example."""
        reason = f"{self.example!r} is {_value(self.example, self.number_format)}"
        if self.other is not None:
            reason += f"; with {_name(self.other)} it would be {_value(self.example, self.other)}"
        if self.reason:
            reason += f"; {self.reason}"
        return Decision(f"column {column!r}", f"numbers with {_name(self.number_format)}", reason, self.sure)


def guess_number_formats(profiles: Profiles, dialect: Dialect, columns: Collection[str]) -> Mapping[str, GuessedFormat]:
    """Guesses the formats of columns that aren't numbers without one.

    Args:
        profiles: The columns' profiles. Their distinct values decide; where they aren't kept, some
            of them.
        dialect: The dialect of the files.
        columns: The columns to look at.

    Returns:
        The formats by column. `PLAIN` means that a column is read without one, but that its points
        may separate thousands.
    """
    fitting = {}
    for name in columns:
        found = _fitting(profiles[name])
        if found:
            fitting[name] = found
    if not fitting:
        return {}
    points = sum(_has_points(profiles[name]) for name in columns if name not in fitting)
    comma = _writes_decimal_commas([found[0] for found in fitting.values() if not found[1:]], points)
    assumed = dialect.delimiter == ";" if comma is None else comma
    chosen = {name: _choose(found, comma=assumed) for name, found in fitting.items()}
    # Where other columns have decimal points, these need no word.
    return {name: guess for name, guess in chosen.items() if guess.number_format != PLAIN or comma is None}


def unlike_numbers(column: str, guess: GuessedFormat, profile: ColumnProfile) -> Decision:
    """Tells why a column is text although most of its cells look like numbers.

    Args:
        column: The column.
        guess: The format that most of its cells have.
        profile: The column's profile, read in that format.
    """
    strings = profile.distinct.strings
    samples = pa.array(profile.distinct.samples, pa.string()) if strings is None else strings
    odd_count = profile.cells.of(Spelling.TEXT)
    odd = samples.filter(pc.starts_with(samples, "'")).to_pylist()
    reason = f"most of its cells are numbers with {guess.number_format}, but {odd_count:,} {'is none' if odd_count == 1 else 'are none'}"
    reason += f", such as {min(odd)}" if odd else ""
    return Decision(f"column {column!r}", "text", reason, sure=False)


def _fitting(profile: ColumnProfile) -> list[GuessedFormat]:
    """The formats that fit most cells equally well, of which one is meant.

    None means that there is no need for a format, or no format.
    """
    if profile.date_format:
        return []
    strings = profile.distinct.strings
    values = pa.array(profile.distinct.samples, pa.string()) if strings is None else strings
    if decide(profile).type is not ColumnType.BYTES and not profile.unusable:
        return _thousandths(profile, values)
    flags = _flags(strings)
    if flags is not None:
        return [flags]
    parts = pc.extract_regex(values, _CELL)
    numbers = values.filter(parts.is_valid())
    if not len(numbers) or len(numbers) < _SHARE * len(values):
        return []
    parts = parts.drop_null()
    units = {unit for part in ("before", "after") for unit in pc.unique(parts.field(part)).to_pylist()} - {""}
    # Numbers in several units aren't amounts of one thing.
    if len(units) > 1:
        return []
    found = _matching(numbers, parts, units.pop() if units else "")
    doubt = _percent_doubt(parts, "cells looked at" if strings is None else "different cells")
    return [replace(each, reason="; ".join(filter(None, (each.reason, doubt)))) for each in found]


def _thousandths(profile: ColumnProfile, values: pa.Array) -> list[GuessedFormat]:
    """The formats of numbers if all are like 1.137, else none."""
    if profile.lengths is None or profile.lengths[0] < _LENGTHS[0] or profile.lengths[1] > _LENGTHS[1]:
        return []
    if not pc.all(pc.match_substring_regex(values, _THREE_DIGITS)).as_py():
        return []
    example = _example(values, values)
    return [GuessedFormat(each, example) for each in (PLAIN, NumberFormat(thousands=".", decimal=","))]


def _has_points(profile: ColumnProfile) -> bool:
    """Whether a column has numbers with decimal points."""
    return decide(profile).type is not ColumnType.BYTES and any("." in cell for cell in profile.distinct.samples)


def _percent_doubt(parts: pa.Array, cells: str) -> str:
    """Tells how many numbers have no percent sign where others do, else ""."""
    signs = pc.sum(pc.match_substring(_units(parts), "%")).as_py()
    without = len(parts) - signs
    have = "has" if without == 1 else "have"
    return f"{without:,} of {len(parts):,} {cells} {have} no '%'" if signs and without else ""


def _units(parts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(parts.field("before"), parts.field("after"), "")


def _flags(strings: pa.Array | None) -> GuessedFormat | None:
    if strings is None or not len(strings) <= _MOST_WORDS:
        return None
    words = sorted(strings.to_pylist())
    for yes, no in _FLAGS:
        spelled = [tuple(word.strip() for word in words if word.strip().lower() == flag) for flag in (yes, no)]
        if all(spelled) and sum(map(len, spelled)) == len(words):
            true_values, false_values = (tuple(dict.fromkeys(each)) for each in spelled)
            return GuessedFormat(NumberFormat(true_values=true_values, false_values=false_values), true_values[0])
    return None


def _matching(numbers: pa.Array, parts: pa.Array, unit: str) -> list[GuessedFormat]:
    core = parts.field("number")
    marks = [mark for mark in _MARKS if pc.any(pc.match_substring(core, mark)).as_py()]
    enclosed = pc.or_(pc.equal(parts.field("open"), "("), pc.equal(parts.field("inner"), "("))
    spaces = "".join(space for space in _WIDE_SPACES if unit and _stand_beside_units(numbers, space))
    base = NumberFormat(strip=unit + spaces, negative_parentheses=bool(pc.any(enclosed).as_py()))
    formats = [
        replace(base, thousands=thousands, decimal=decimal)
        for decimal in ".,"
        for thousands in ("", *marks)
        # A decimal comma that no cell has is meant only where the point separates thousands.
        if thousands != decimal and (decimal != "," or "," in marks or thousands == ".")
    ]
    counts = [_count(numbers, each) for each in formats]
    most = max(counts)
    if most < _SHARE * len(numbers) or most <= _count(numbers, NumberFormat()):
        return []
    best = [each for each, count in zip(formats, counts, strict=True) if count == most]
    fewest = min(len(each.thousands) for each in best)
    ambiguous = {each.decimal: each for each in reversed(best)}
    chosen = (
        list(ambiguous.values())
        if len(ambiguous) > 1
        else [next(each for each in best if len(each.thousands) == fewest)]
    )
    if not chosen[1:] and _are_codes(core, chosen[0]):
        return []
    grouped = [
        each for each in chosen if not each.thousands or not pc.any(pc.match_substring_regex(core, _UNGROUPED)).as_py()
    ]
    doubt = "not all numbers of four digits have a separator" if len(grouped) < len(chosen) else ""
    if base.negative_parentheses and pc.all(enclosed).as_py():
        doubt = "all numbers are in parentheses"
    # A cell may have its unit on both sides.
    with_unit = pc.or_(*(pc.equal(parts.field(side), unit) for side in ("before", "after")))
    example = _example(numbers.filter(with_unit), core.filter(with_unit))
    return [GuessedFormat(each, example, reason=doubt) for each in grouped or chosen]


def _stand_beside_units(numbers: pa.Array, space: str) -> bool:
    beside = rf"{space}(?:{_UNITS})|(?:{_UNITS}){space}"
    return bool(pc.any(pc.match_substring_regex(numbers, beside)).as_py())


def _are_codes(core: pa.Array, number_format: NumberFormat) -> bool:
    """Whether numbers are rather codes in groups of three digits.

    All of them have one length then.
    """
    lengths = pc.min_max(pc.utf8_length(core)).as_py()
    decimals = pc.any(pc.match_substring(core, number_format.decimal)).as_py()
    return (
        number_format.thousands in _MARKS_OF_CODES
        and not decimals
        and len(core) > 1
        and bool(lengths["min"] == lengths["max"])
    )


def _count(numbers: pa.Array, number_format: NumberFormat) -> int:
    return int(pc.sum(pc.match_substring_regex(numbers, number_format.pattern)).as_py())


def _example(numbers: pa.Array, core: pa.Array) -> str:
    """The cell with the longest number, the least of several."""
    lengths = pc.utf8_length(core)
    return str(pc.min(numbers.filter(pc.equal(lengths, pc.max(lengths)))).as_py())


def _writes_decimal_commas(sure: Collection[GuessedFormat], points: int) -> bool | None:
    """Whether the files' numbers have decimal commas.

    Args:
        sure: The formats of columns in which only one fits.
        points: The number of columns with decimal points that need no format.

    Returns:
        None means that the columns don't tell. Then the delimiter does: where the comma is taken,
        there is a semicolon.
    """
    commas = sum(guess.number_format.decimal == "," for guess in sure)
    points += sum(guess.number_format.thousands == "," for guess in sure)
    return commas > points if commas != points else None


def _choose(found: list[GuessedFormat], *, comma: bool) -> GuessedFormat:
    """Chooses among formats that fit equally well."""
    if not found[1:]:
        return found[0]
    wanted = "," if comma else "."
    best = next((each for each in found if each.number_format.decimal == wanted), found[0])
    other = next(each for each in found if each is not best)
    return replace(best, other=other.number_format)


def _name(number_format: NumberFormat) -> str:
    return str(number_format) or f"decimal {number_format.decimal!r}"


def _value(cell: str, number_format: NumberFormat) -> str:
    return str(plain_numbers(pa.array([cell]), number_format, _NOTHING)[0].as_py())
