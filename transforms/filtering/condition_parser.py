"""Parses conditions on rows."""

import math
import re

from shardmill.transforms.filtering.condition import (
    Comparison,
    Condition,
    Field,
    Junction,
    Literal,
    Membership,
    Missing,
    Not,
)

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])|(?P<name>[^\W\d]\w*)|`(?P<column>[^`]+)`"
    r"|'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\"|(?P<sign>==|!=|<=|>=|[=<>(),]))",
    re.ASCII,
)
_SIGNS = {"=", "==", "!=", "<", "<=", ">", ">="}
_WORDS = {"and", "or", "not", "in", "is", "missing"}
# Conditions within each other, at most.
_DEPTH = 50


def parse_condition(text: str) -> Condition:
    """Parses a condition.

    It has columns, numbers and quoted text, compared by `==` (or `=`), `!=`, `<`, `<=`, `>`, `>=`,
    `in (...)` and `not in (...)`; `is missing` and `is not missing`; `and`, `or`, `not`, and
    parentheses. A column whose name isn't a word of ASCII letters, digits and underscores stands
    between backticks; in quoted text a backslash makes the next character an ordinary one.

    Raises:
        ValueError: It isn't such a condition; the message says what was expected where.
    """
    return _Parser(text).whole()


class _Parser:
    """A recursive descent over a condition's tokens."""

    def __init__(self, text: str) -> None:
        # The kind, the text and the position of each token.
        self._tokens: list[tuple[str, str, int]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if found is None:
                at += len(text[at:]) - len(text[at:].lstrip())
                quote = "a quote that is closed" if text[at] in "'\"`" else "a column, a number, quoted text or a sign"
                raise ValueError(f"expected {quote}, received {text[at:end][:20]!r} at character {at + 1}")
            kind = found.lastgroup or ""
            self._tokens.append((kind, found[kind], found.start(kind) + 1))
            at = found.end()
        self._next = 0
        self._depth = 0

    def whole(self) -> Condition:
        found = self._any()
        if self._next < len(self._tokens):
            raise self._error("'and', 'or' or the end")
        return found

    def _any(self) -> Condition:
        self._depth += 1
        if self._depth > _DEPTH:
            raise ValueError(f"expected at most {_DEPTH} conditions within each other")
        found = [self._all()]
        while self._take_word("or"):
            found.append(self._all())
        self._depth -= 1
        return found[0] if len(found) == 1 else Junction(False, tuple(found))  # noqa: FBT003  (a field)

    def _all(self) -> Condition:
        found = [self._negation()]
        while self._take_word("and"):
            found.append(self._negation())
        return found[0] if len(found) == 1 else Junction(True, tuple(found))  # noqa: FBT003  (a field)

    def _negation(self) -> Condition:
        negations = 0
        while self._take_word("not"):
            negations += 1
        found = self._primary()
        return Not(found) if negations % 2 else found

    def _primary(self) -> Condition:
        if self._take_sign("("):
            found = self._any()
            if not self._take_sign(")"):
                raise self._error("')'")
            return found
        start = self._next
        left = self._operand("a column, a number, quoted text or '('")
        if isinstance(left, Field):
            if self._take_word("is"):
                return self._missing(left)
            negated = self._take_word("not")
            if self._take_word("in"):
                return Membership(left, self._list(), negated)
            if negated:
                raise self._error("'in'")
        kind, sign, _ = self._token()
        if kind != "sign" or sign not in _SIGNS:
            raise self._error("a comparison (==, !=, <, <=, >, >=, in, is missing)")
        self._next += 1
        right = self._operand("a column, a number or quoted text")
        if not isinstance(left, Field) and not isinstance(right, Field):
            self._next = start
            raise self._error("a comparison with a column")
        return Comparison("==" if sign == "=" else sign, left, right)

    def _missing(self, field: Field) -> Condition:
        negated = self._take_word("not")
        if not self._take_word("missing"):
            raise self._error("'missing'" if negated else "'missing' or 'not missing'")
        return Missing(field, negated)

    def _list(self) -> tuple[Literal, ...]:
        if not self._take_sign("("):
            raise self._error("'(' and a list of numbers or quoted text")
        values: list[Literal] = []
        while not values or self._take_sign(","):
            value = self._operand("a number or quoted text")
            if isinstance(value, Field) or isinstance(value, str) != isinstance(([*values, value])[0], str):
                self._next -= 1
                raise self._error("a number or quoted text, as before" if values else "a number or quoted text")
            values.append(value)
        if not self._take_sign(")"):
            raise self._error("',' or ')'")
        return tuple(values)

    def _operand(self, expected: str) -> Field | Literal:
        kind, text, at = self._token()
        if kind in ("", "sign") or (kind == "name" and text.lower() in _WORDS):
            raise self._error(expected)
        self._next += 1
        if kind == "number":
            if math.isinf(float(text)):
                self._next -= 1
                raise self._error("a number of at most 1.8e308")
            return int(text) if re.fullmatch(r"[-+]?\d+", text) else float(text)
        if kind in ("single", "double"):
            return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
        return Field(text, at)

    def _token(self) -> tuple[str, str, int]:
        return self._tokens[self._next] if self._next < len(self._tokens) else ("", "", 0)

    def _take_word(self, word: str) -> bool:
        kind, text, _ = self._token()
        found = kind == "name" and text.lower() == word
        self._next += found
        return found

    def _take_sign(self, sign: str) -> bool:
        kind, text, _ = self._token()
        found = kind == "sign" and text == sign
        self._next += found
        return found

    def _error(self, expected: str) -> ValueError:
        kind, text, at = self._token()
        received = f"received {text!r} at character {at}" if kind else "received the end"
        return ValueError(f"expected {expected}, {received}")
