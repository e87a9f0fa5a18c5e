"""Conditions on rows, such as `fare > 0`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from shardmill.schemas.messages import did_you_mean
from shardmill.schemas.schema import ColumnType, Schema

_COMPARED: Mapping[str, Callable[[Any, Any], pa.Array]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_INT64 = range(-(2**63), 2**63)

Literal = int | float | str
"""A number or a text in a condition."""


@dataclass(frozen=True)
class Field:
    """A column in a condition.

    Attributes:
        name: Its name.
        at: Its position in the text, from 1.
    """

    name: str
    at: int


@dataclass(frozen=True)
class Comparison:
    """Two values compared.

    False where one is missing.

    Attributes:
        sign: One of == != < <= > >=.
        left: The value before it.
        right: The value after it.
    """

    sign: str
    left: Field | Literal
    right: Field | Literal


@dataclass(frozen=True)
class Membership:
    """Whether a column has a listed value.

    False where it is missing.

    Attributes:
        field: The column.
        values: The list.
        negated: Whether it mustn't be listed.
    """

    field: Field
    values: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True)
class Missing:
    """Whether a column's value is missing."""

    field: Field
    negated: bool


@dataclass(frozen=True)
class Not:
    """Whether a condition doesn't hold."""

    inner: "Condition"


@dataclass(frozen=True)
class Junction:
    """Whether all of some conditions hold, or any."""

    all: bool
    inner: tuple["Condition", ...]


Condition = Comparison | Membership | Missing | Not | Junction


def fields_of(condition: Condition) -> Iterator[Field]:
    """The columns in a condition, in order."""
    for value in _values(condition):
        if isinstance(value, Field):
            yield value


def check_condition(condition: Condition, schema: Schema) -> None:
    """Checks a condition's columns and their types.

    Raises:
        ValueError: There is no such column, or numbers are compared with text.
    """
    for field in fields_of(condition):
        if field.name not in schema:
            known = did_you_mean(field.name, schema.names) or f"; the columns are {', '.join(map(repr, schema.names))}"
            raise ValueError(f"there is no column {field.name!r} (character {field.at}){known}")
    for each in _leaves(condition):
        if isinstance(each, Comparison):
            _check_kinds((each.left, each.right), schema)
        elif isinstance(each, Membership):
            _check_kinds((each.field, *each.values), schema)


def holds(condition: Condition, columns: Mapping[str, pa.Array]) -> pa.Array:
    """Evaluates a condition on rows.

    A comparison with a missing value doesn't hold, whatever its sign. A number of a FLOAT column is
    compared as float32, so that `x == 0.1` finds the cell 0.1.

    Args:
        condition: A condition that `check_condition` accepts.
        columns: Its columns' values: string, int64 or float32.

    Returns:
        boolean without nulls, one for each row.
    """
    match condition:
        case Comparison(sign, left, right):
            found = _COMPARED[sign](*_alike(_value(left, columns), _value(right, columns)))
            return pc.fill_null(found, fill_value=False)
        case Membership(field, values, negated):
            column = columns[field.name]
            wanted = column.type if isinstance(values[0], str) else _number_type(column, values)
            listed = pa.array([_as(value, wanted) for value in values], wanted)
            found = pc.is_in(column if listed.type == column.type else column.cast(listed.type), value_set=listed)
            return pc.and_(pc.invert(found) if negated else found, column.is_valid())
        case Missing(field, negated):
            return columns[field.name].is_valid() if negated else columns[field.name].is_null()
        case Not(inner):
            return pc.invert(holds(inner, columns))
        case Junction(every, inner):
            first, *rest = (holds(each, columns) for each in inner)
            for other in rest:
                first = (pc.and_ if every else pc.or_)(first, other)
            return first


def _leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case Not(inner):
            yield from _leaves(inner)
        case Junction(_, inner):
            for each in inner:
                yield from _leaves(each)
        case _:
            yield condition


def _values(condition: Condition) -> Iterator[Field | Literal]:
    for each in _leaves(condition):
        if isinstance(each, Comparison):
            yield from (each.left, each.right)
        elif isinstance(each, Membership | Missing):
            yield each.field


def _check_kinds(values: tuple[Field | Literal, ...], schema: Schema) -> None:
    """Checks that all values are numbers, or all text."""
    field = next(value for value in values if isinstance(value, Field))
    is_text = schema[field.name].type is ColumnType.BYTES
    for value in values:
        other = schema[value.name].type is ColumnType.BYTES if isinstance(value, Field) else isinstance(value, str)
        if other != is_text:
            has, wanted = ("text", "text, such as 'a',") if is_text else ("numbers", "a number")
            received = f"column {value.name!r}" if isinstance(value, Field) else repr(value)
            raise ValueError(
                f"column {field.name!r} (character {field.at}) holds {has}: expected {wanted} to compare it with, received {received}"
            )


def _value(value: Field | Literal, columns: Mapping[str, pa.Array]) -> pa.Array | Literal:
    return columns[value.name] if isinstance(value, Field) else value


def _alike(left: pa.Array | Literal, right: pa.Array | Literal) -> tuple[Any, Any]:
    """Gives two values one type."""
    if isinstance(left, pa.Array) and isinstance(right, pa.Array):
        if left.type == right.type:
            return left, right
        return left.cast(pa.float64()), right.cast(pa.float64())
    # A condition compares a column at least on one side.
    if not isinstance(left, pa.Array):
        return tuple(reversed(_alike(right, left)))
    if isinstance(right, str):
        return left, right
    wanted = _number_type(left, (right,))
    return left if left.type == wanted else left.cast(wanted, safe=False), pa.scalar(_as(right, wanted), wanted)


def _as(value: Literal, wanted: pa.DataType) -> Literal:
    """A literal as Arrow takes it for a type."""
    return float(value) if pa.types.is_floating(wanted) else value


def _number_type(column: pa.Array, values: tuple[Any, ...]) -> pa.DataType:
    """The type in which a column and numbers are compared."""
    if pa.types.is_floating(column.type):
        return column.type
    return column.type if all(isinstance(value, int) and value in _INT64 for value in values) else pa.float64()
