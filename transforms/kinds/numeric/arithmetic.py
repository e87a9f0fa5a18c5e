"""The kind of arithmetic of columns."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shardmill.schemas.errors import ConfigError
from shardmill.schemas.schema import Schema
from shardmill.transforms.kinds.base import NUMBERS, Tensor, Trace
from shardmill.transforms.kinds.numeric.computed import ComputedKind
from shardmill.transforms.kinds.numeric.expression import (
    Expression,
    Name,
    Number,
    Operation,
    columns_of,
    divisors_of,
    parse_expression,
)
from shardmill.transforms.numbers.refused import Refusal

_OPERATIONS = {"+": "AddV2", "-": "Sub", "*": "Mul", "/": "RealDiv"}


@dataclass(frozen=True, kw_only=True)
class Arithmetic(ComputedKind):
    """Sums, differences, products and quotients of columns, float32.

    A missing cell makes the result missing.

    Attributes:
        expression: Columns, numbers, `+`, `-`, `*`, `/` and parentheses.
        zero_divisor: The quotient where the divisor is 0: a number, or `"missing"`. `"reject"`
            rejects the row; then each divisor is a column or a number. In serving the quotient is
            missing there.
    """

    kind = "arithmetic"
    types = NUMBERS
    max_columns = 1000

    expression: str
    zero_divisor: float | str = "missing"

    @classmethod
    def named_columns(cls, feature: str, table: Mapping[str, object]) -> tuple[str, ...] | None:
        """The columns of the expression: see `Kind.named_columns`."""
        text = table.get("expression")
        if not isinstance(text, str):
            return None
        given = [key for key in ("column", "columns") if key in table]
        if given:
            raise ConfigError(
                f"[features] {feature}: expected `expression`, which names the columns, or `{given[0]}`, "
                f"received both; remove `{given[0]}`"
            )
        try:
            columns = columns_of(parse_expression(text))
        except ValueError as error:
            raise ConfigError(f"[features] {feature}: `expression` {text!r}: {error}") from error
        if not columns:
            raise ConfigError(f"[features] {feature}: expected an `expression` of columns, received {text!r}")
        return columns

    def check_parameters(self, schema: Schema) -> None:
        """Checks the parameters: see `Kind.check_parameters`."""
        super().check_parameters(schema)
        if isinstance(self.zero_divisor, str) and self.zero_divisor not in ("missing", "reject"):
            raise self.error(
                f'expected `zero_divisor` to be a number, "missing" or "reject", received {self.zero_divisor!r}'
            )
        divisors = divisors_of(parse_expression(self.expression))
        if Number(0) in divisors:
            raise self.error(f"expected no division by 0 in `expression`, received {self.expression!r}")
        if self.zero_divisor == "reject" and any(isinstance(each, Operation) for each in divisors):
            raise self.error(
                'expected divisors that are columns or numbers with zero_divisor = "reject", '
                f'received {self.expression!r}; give `zero_divisor` a number, or "missing"'
            )

    def refusals(self) -> Mapping[str, Refusal]:
        """Zeros of divisors: see `Kind.refusals`."""
        if self.zero_divisor != "reject":
            return {}
        divisors = divisors_of(parse_expression(self.expression))
        return {each.column: "zero" for each in divisors if isinstance(each, Name)}

    def _result(self, trace: Trace) -> Tensor:
        return self._build(trace, parse_expression(self.expression))

    def _build(self, trace: Trace, expression: Expression) -> Tensor:
        raw = trace.tf.raw_ops
        if isinstance(expression, Name):
            return trace.double(expression.column)
        if isinstance(expression, Number):
            return trace.hide(trace.tf.constant(expression.value, trace.tf.float64))
        left, right = self._build(trace, expression.left), self._build(trace, expression.right)
        found = getattr(raw, _OPERATIONS[expression.sign])(x=left, y=right)
        if expression.sign != "/":
            return found
        quotient = np.float64(np.nan if isinstance(self.zero_divisor, str) else self.zero_divisor)
        # A missing dividend stays missing.
        zero = raw.LogicalAnd(x=raw.Equal(x=right, y=np.float64(0)), y=raw.LogicalNot(x=raw.IsNan(x=left)))
        return raw.SelectV2(condition=zero, t=quotient, e=found)
