"""The format of a column's numbers: marks, signs, groups of digits."""

import re
from dataclasses import dataclass
from typing import Literal

# How infinite numbers of a FLOAT column are treated.
Infinite = Literal["keep", "missing", "reject"]

_SPACES = r" \t\n\v\f\r"


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """The format of a column's numbers, as `[input.columns.NAME]` configures it.

    Attributes:
        thousands: The character between groups of three digits, or in the Indian way of two and
            last three. "" means that there is none.
        decimal: The character before the fraction.
        strip: Characters that may stand before and after a number, like "$" and "%"; they don't
            change its value.
        negative_parentheses: Whether a number in parentheses is negative.
        true_values: Cells that are 1, without the spaces around them.
        false_values: Cells that are 0, likewise.
    """

    thousands: str = ""
    decimal: str = "."
    strip: str = ""
    negative_parentheses: bool = False
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether numbers are spelled as without a format."""
        return not self.thousands and self.decimal == "." and not self.strip and not self.negative_parentheses

    @property
    def pattern(self) -> str:
        """The regular expression (RE2) of the cells that spell a number."""
        point = re.escape(self.decimal)
        whole = rf"(?:{self._grouped}[0-9]+)"
        # In "5 EUR" the E isn't an exponent's.
        exponent = "" if "e" in self.strip.lower() else "(?:[eE][-+]?[0-9]+)?"
        magnitude = rf"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+){exponent}"
        around = f"[{re.escape(self.strip)}{_SPACES}]*"
        numbers = [rf"[-+]?{around if self.strip else ''}{magnitude}"]
        if self.negative_parentheses:
            numbers.append(rf"\({around}{magnitude}{around}\)")
        return f"^{around}(?:{'|'.join(numbers)}){around}$"

    @property
    def ignored(self) -> str:
        """The regular expression of characters without a meaning.

        In a cell that fits `pattern` they can be removed, parentheses included.
        """
        return f"[{re.escape(self.strip + self.thousands)}(){_SPACES}]"

    @property
    def _grouped(self) -> str:
        if not self.thousands:
            return ""
        mark = re.escape(self.thousands)
        return rf"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{3}})+|[1-9][0-9]?(?:{mark}[0-9]{{2}})+{mark}[0-9]{{3}}|"

    def __str__(self) -> str:
        """The settings that aren't the defaults, for a message: `thousands ',' and strip '$'`."""
        words = [f"{name} {value!r}" for name, value in (("thousands", self.thousands), ("strip", self.strip)) if value]
        words += [f"decimal {self.decimal!r}"] if self.decimal != "." else []
        words += ["negative_parentheses"] if self.negative_parentheses else []
        words += [f"true_values {list(self.true_values)}"] if self.true_values else []
        words += [f"false_values {list(self.false_values)}"] if self.false_values else []
        return " and ".join([", ".join(words[:-1]), words[-1]] if words[1:] else words)
