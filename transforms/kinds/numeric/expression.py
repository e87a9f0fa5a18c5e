"""Arithmetic expressions, such as `(a - b) / b`."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)|`(?P<quoted>[^`]+)`|(?P<sign>[-+*/()]))"
)
# Parentheses and signs within each other, at most.
_DEPTH = 50


@dataclass(frozen=True)
class Number:
    """A number in an expression."""

    value: float


@dataclass(frozen=True)
class Name:
    """A column in an expression."""

    column: str


@dataclass(frozen=True)
class Operation:
    """An operation in an expression.

    Attributes:
        sign: One of + - * /.
        left: The first operand.
        right: The second operand.
    """

    sign: str
    left: "Expression"
    right: "Expression"


Expression = Number | Name | Operation


def parse_expression(text: str) -> Expression:
    """Parses an expression.

    It has columns, numbers, `+`, `-`, `*`, `/` and parentheses. A column whose name isn't a word of
    letters, digits and underscores stands between backticks.

    Raises:
        ValueError: It isn't such an expression; the message says what was expected where.
    """
    return _Parser(text).whole()


def columns_of(expression: Expression) -> tuple[str, ...]:
    """The columns of an expression, each once, in order."""
    return tuple(dict.fromkeys(each.column for each in _nodes(expression) if isinstance(each, Name)))


def divisors_of(expression: Expression) -> tuple[Expression, ...]:
    """The divisors in an expression."""
    return tuple(each.right for each in _nodes(expression) if isinstance(each, Operation) and each.sign == "/")


def _nodes(expression: Expression) -> Iterator[Expression]:
    yield expression
    if isinstance(expression, Operation):
        yield from _nodes(expression.left)
        yield from _nodes(expression.right)


class _Parser:
    """A recursive descent over an expression's tokens."""

    def __init__(self, text: str) -> None:
        self._text = text
        # The kind, the text and the position of each token.
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(text.rstrip()):
            found = _TOKEN.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                raise ValueError(
                    f"expected a column, a number or one of + - * / ( ), received {text[at]!r}{self._at(at)}"
                )
            kind = found.lastgroup or ""
            if kind == "number" and math.isinf(float(found[kind])):
                raise ValueError(f"expected a number that float64 holds, received {found[kind]!r}{self._at(at)}")
            self._tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self._next = 0
        self._depth = 0

    def whole(self) -> Expression:
        found = self._sum()
        if self._next < len(self._tokens):
            _, text, at = self._tokens[self._next]
            raise ValueError(f"expected an operator, received {text!r}{self._at(at)}")
        return found

    def _sum(self) -> Expression:
        found = self._product()
        while sign := self._take("+-"):
            found = Operation(sign, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._factor()
        while sign := self._take("*/"):
            found = Operation(sign, found, self._factor())
        return found

    def _factor(self) -> Expression:
        self._depth += 1
        if self._depth > _DEPTH:
            raise ValueError(f"expected at most {_DEPTH} parentheses or signs within each other")
        found = self._operand()
        self._depth -= 1
        return found

    def _operand(self) -> Expression:
        if self._take("-"):
            return Operation("*", Number(-1), self._factor())
        if self._take("("):
            found = self._sum()
            if not self._take(")"):
                raise ValueError(f"expected ')'{self._here()}")
            return found
        kind, text, _ = self._tokens[self._next] if self._next < len(self._tokens) else ("", "", 0)
        if kind in ("", "sign"):
            raise ValueError(f"expected a column, a number or '('{self._here()}")
        self._next += 1
        return Number(float(text)) if kind == "number" else Name(text)

    def _take(self, signs: str) -> str:
        """Takes the next token if it is such a sign."""
        if self._next < len(self._tokens):
            kind, text, _ = self._tokens[self._next]
            if kind == "sign" and text in signs:
                self._next += 1
                return text
        return ""

    def _here(self) -> str:
        if self._next < len(self._tokens):
            _, text, at = self._tokens[self._next]
            return f", received {text!r}{self._at(at)}"
        return ", received the end"

    @staticmethod
    def _at(at: int) -> str:
        return f" at character {at + 1}"
