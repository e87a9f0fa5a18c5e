"""Operations applied to a number before its feature kind.

Each is defined twice: in NumPy for the analysis and in TensorFlow for the graph.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shardmill.schemas.arrow import to_numpy
from shardmill.schemas.errors import ConfigError
from shardmill.schemas.messages import did_you_mean


@dataclass(frozen=True)
class _Operation:
    """One operation, in NumPy and in TensorFlow.

    Attributes:
        parameters: The names of its arguments.
        numpy: Takes values and the arguments, returns values.
        tensor: Takes the TensorFlow module, a tensor and the arguments, returns a tensor.
        transcendental: Whether it isn't correctly rounded, so that TensorFlow's SIMD and scalar
            code differ in the last bit.
    """

    parameters: tuple[str, ...]
    numpy: Callable[..., Any]
    tensor: Callable[..., Any]
    transcendental: bool = False


def clipped(raw: Any, x: Any, low: Any, high: Any) -> Any:
    """A tensor limited to a range; NaN stays.

    TensorFlow's `Minimum` and `Maximum` aren't used: which of 0.0 and -0.0 is greater depends, for
    them, on a value's position in the batch.

    Args:
        raw: `tf.raw_ops`, or what records their use.
        x: The tensor.
        low: The least output.
        high: The greatest output.
    """
    raised = raw.SelectV2(condition=raw.Less(x=x, y=low), t=low, e=x)
    return raw.SelectV2(condition=raw.Less(x=high, y=raised), t=high, e=raised)


OPERATIONS: Mapping[str, _Operation] = {
    "abs": _Operation((), np.abs, lambda tf, x: tf.raw_ops.Abs(x=x)),
    "clip": _Operation(("min", "max"), np.clip, lambda tf, x, low, high: clipped(tf.raw_ops, x, low, high)),
    "log": _Operation((), np.log, lambda tf, x: tf.raw_ops.Log(x=x), transcendental=True),
    "log1p": _Operation((), np.log1p, lambda tf, x: tf.raw_ops.Log1p(x=x), transcendental=True),
    "power": _Operation(
        ("exponent",), np.power, lambda tf, x, exponent: tf.raw_ops.Pow(x=x, y=exponent), transcendental=True
    ),
    "sqrt": _Operation((), np.sqrt, lambda tf, x: tf.raw_ops.Sqrt(x=x)),
}


@dataclass(frozen=True)
class Pre:
    """An operation on float32 numbers, with its arguments.

    NaN (missing) stays NaN, and a value outside the operation's domain becomes NaN (such as `log`
    of -1).

    Attributes:
        name: A key of `OPERATIONS`.
        args: Its arguments, rounded to float32 when it is applied.
    """

    name: str
    args: tuple[float, ...] = ()

    def numpy(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Applies the operation to a NumPy array.

        float32 and float64 keep their dtype; any other becomes float32.
        """
        if values.dtype not in (np.float32, np.float64):
            values = values.astype(np.float32)
        arguments = [np.float32(argument).astype(values.dtype) for argument in self.args]
        # A value out of the domain or of float's range gives NaN or infinity, which isn't a
        # mistake.
        with np.errstate(all="ignore"):
            applied: npt.NDArray[Any] = OPERATIONS[self.name].numpy(values, *arguments)
        return applied

    def tensor(self, tf: ModuleType, values: Any) -> Any:
        """Applies the operation to a float32 tensor."""
        return OPERATIONS[self.name].tensor(tf, values, *(np.float32(argument) for argument in self.args))


def apply_pre(values: pa.Array, pre: Sequence[Pre]) -> npt.NDArray[np.float32]:
    """A column's values after operations; NaN where they are missing.

    An INT column becomes float32 first, as in the graph.
    """
    changed: npt.NDArray[np.float32] = to_numpy(values).astype(np.float32, copy=False)
    for operation in pre:
        changed = operation.numpy(changed)
    if values.null_count:
        changed = np.where(to_numpy(values.is_valid().cast(pa.int8())), changed, np.float32(np.nan))
    return changed


def parse_pre(feature: str, value: object) -> tuple[Pre, ...]:
    """Parses a feature's `pre` parameter.

    It is a list such as `["log1p", {clip = [0, 10]}, {power = 0.5}]`.

    Raises:
        ConfigError: It isn't such a list; an operation is unknown; or its arguments are too few,
            too many or not numbers.
    """
    items = [value] if isinstance(value, str | dict) else value
    if not isinstance(items, list | tuple):
        raise ConfigError(
            f'[features] {feature}: expected `pre` to be a list such as ["log1p", {{clip = [0, 10]}}], received {value!r}'
        )
    return tuple(_parse_one(feature, item) for item in items)


def _parse_one(feature: str, item: object) -> Pre:
    if isinstance(item, str):
        return _checked(feature, item, ())
    if isinstance(item, Mapping) and len(item) == 1:
        ((name, arguments),) = item.items()
        return _checked(feature, name, tuple(arguments) if isinstance(arguments, list | tuple) else (arguments,))
    raise ConfigError(
        f"[features] {feature}: expected each of `pre` to be a name or a table such as {{clip = [0, 10]}}, received {item!r}"
    )


def _checked(feature: str, name: str, args: tuple[object, ...]) -> Pre:
    if name not in OPERATIONS:
        raise ConfigError(
            f"[features] {feature}: unknown operation {name!r} in `pre`, expected one of {', '.join(OPERATIONS)}"
            f"{did_you_mean(name, OPERATIONS)}"
        )
    parameters = OPERATIONS[name].parameters
    numbers = [argument for argument in args if isinstance(argument, int | float) and not isinstance(argument, bool)]
    if len(numbers) != len(args) or len(args) != len(parameters):
        wanted = f"{len(parameters)} number(s) ({', '.join(parameters)})" if parameters else "no arguments"
        raise ConfigError(f"[features] {feature}: expected {wanted} for `{name}` in `pre`, received {list(args)!r}")
    if name == "clip" and numbers[0] > numbers[1]:
        raise ConfigError(f"[features] {feature}: expected min <= max for `clip` in `pre`, received {list(args)!r}")
    return Pre(name, tuple(float(number) for number in numbers))
