"""Untrusted JSON, checked against a declared shape.

There is one message for whatever is wrong with it: where, what was expected, what was received.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shardmill.schemas.errors import DataError
from shardmill.schemas.messages import cut

# Marks keys that may be absent.
if sys.version_info >= (3, 11):
    from typing import NotRequired as NotRequired  # noqa: PLC0414 (other modules import it from here)
else:
    from typing_extensions import NotRequired as NotRequired  # noqa: PLC0414 (as above)

# Part of a path below a folder: it isn't empty, `.` or `..`, and has no control characters.
_PART = r"(?!\.{1,2}(?:/|\Z))[^/\x00-\x1f\x7f]+"
_INSIDE = rf"\A{_PART}(?:/{_PART})*\Z"
_AT_TOP = rf"\A{_PART}\Z"
_SPLIT = r"\A[A-Za-z0-9][A-Za-z0-9_]*\Z"
_SHA256 = r"\A[0-9a-f]{64}\Z"
_CRC32C = r"\A[0-9a-f]{8}\Z"
_PATH = r"\A[^\x00]+\Z"
_TENSOR = r"\A[^\x00]+:[0-9]{1,6}\Z"

# The shapes of single values that the files of a run share.
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
AtLeastOne = Annotated[int, Meta(ge=1, le=2**63 - 1)]
InnerPath = Annotated[str, Meta(pattern=_INSIDE)]
FileName = Annotated[str, Meta(pattern=_AT_TOP)]
SplitName = Annotated[str, Meta(pattern=_SPLIT)]
Sha256 = Annotated[str, Meta(pattern=_SHA256)]
Crc32c = Annotated[str, Meta(pattern=_CRC32C)]
AnyPath = Annotated[str, Meta(pattern=_PATH)]
TensorName = Annotated[str, Meta(pattern=_TENSOR)]

_WORDS = {
    _INSIDE: "a path inside the folder, without '..'",
    _AT_TOP: "a file's name without a folder",
    _SPLIT: "a split's name of letters, digits and _",
    _SHA256: "64 hexadecimal digits",
    _CRC32C: "8 hexadecimal digits",
    _PATH: "a path",
    _TENSOR: "a tensor's name (operation:index)",
}
_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_EXPECTED = re.compile(r"Expected `(?P<types>.+?)`(?P<rest>.*?)(?:, got `.*?`)?", re.DOTALL)
_LOCATION = re.compile(r" - at (?P<key>`key` in )?`\$(?P<path>.*)`\Z", re.DOTALL)
_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<index>\d+)\]|(?P<any>\[\.\.\.\])")
# Most levels of lists and objects: more than any file of a run has. What is nested far deeper can't
# be serialized again either.
_DEPTH = 40


def decode_json(data: bytes, shape: Any, source: str) -> Any:
    """Reads JSON of a declared shape.

    Args:
        data: The file's bytes.
        shape: A type that msgspec knows: `TypedDict`s, dicts, lists, and the values above. Keys
            that it doesn't declare are kept.
        source: The file's name, for messages.

    Returns:
        The value, of plain dicts and lists.

    Raises:
        DataError: The bytes aren't JSON or have another shape; the message says where, what was
            expected and what was received.
    """
    try:
        value = json.loads(data.decode())
        deep = _deeper_than(value, _DEPTH)
        # A lone half of a surrogate pair isn't text: it can't be encoded.
        _ = None if deep else json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        # For endless nesting and for numbers with too many digits, Python's message is about
        # Python.
        problem = "nested too deeply" if isinstance(error, RecursionError) else str(error).partition(";")[0]
        raise DataError(f"{source!r} isn't valid JSON: {problem}; {_ADVICE}") from error
    if deep:
        raise wrong(source, "", f"at most {_DEPTH} levels of lists and objects", "more")
    check_shape(value, shape, source)
    return value


_ADVICE = "make it again, or get it anew from where it was made"


def wrong(source: str, key: str, expected: str, received: str) -> DataError:
    """The error of a file that shardmill didn't write so.

    Args:
        source: The file's name.
        key: The key in the file, such as `rows.read`; empty for the file as a whole.
        expected: The words for the value that belongs there.
        received: The words for the value that is there.
    """
    where = f"{key}: " if key else ""
    return DataError(
        f"{source!r} isn't as shardmill wrote it: {where}expected {expected}, received {received}; {_ADVICE}"
    )


def check_shape(value: Any, shape: Any, source: str) -> None:
    """Checks a value against a declared shape.

    Args:
        value: Plain dicts, lists and scalars.
        shape: A type that msgspec knows.
        source: The name of the file that it is from, for messages.

    Raises:
        DataError: The value has another shape.
    """
    problem = _problem(value, shape)
    if problem is None:
        return
    location = _LOCATION.search(problem)
    steps, found = _locate(value, shape, problem, location["path"] if location else "")
    missing = re.match(r"Object missing required field `(.+?)`", problem)
    if missing:
        raise wrong(source, _dotted(steps), f"a key {missing[1]!r}", f"only {shown(sorted(map(str, found)))}")
    said = problem[: location.start()] if location else problem
    if location and location["key"]:
        found = next((key for key in found if _refused(value, shape, problem, (*steps, key))), found)
    raise wrong(source, _dotted(steps), _expected(said), shown(found))


def shown(value: Any) -> str:
    """A value as messages show it, on one short line."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(text)


def _problem(value: Any, shape: Any) -> str | None:
    try:
        msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _expected(said: str) -> str:
    for pattern, words in _WORDS.items():
        if repr(pattern) in said:
            return words
    found = _EXPECTED.fullmatch(said)
    if found is None:
        return f"another value ({said})"
    names = [name.strip() for name in found["types"].split("|")]
    bound = found["rest"].replace(" >= ", " of at least ").replace(" <= ", " of at most ")
    return " or ".join(_TYPES.get(name, name) for name in names) + bound


def _locate(value: Any, shape: Any, problem: str, path: str) -> tuple[tuple[str | int, ...], Any]:
    """The keys that lead to a wrong value, with it.

    Where an object has free keys, msgspec doesn't say which of them is meant: it is searched for.
    """
    steps: tuple[str | int, ...] = ()
    found = value
    for step in _STEP.finditer(path):
        key: str | int
        if step["any"]:
            key = _free_key(value, shape, problem, steps, list(found))
        else:
            key = step["name"] if step["index"] is None else int(step["index"])
        found = found[key]
        steps = (*steps, key)
    return steps, found


def _free_key(value: Any, shape: Any, problem: str, steps: tuple[str | int, ...], keys: list[str]) -> str:
    """The first key whose entry has the problem, by bisection."""
    while len(keys) > 1:
        half = keys[: len(keys) // 2]
        keys = half if _refused(value, shape, problem, steps, half) else keys[len(half) :]
    return keys[0]


def _refused(
    value: Any, shape: Any, problem: str, steps: tuple[str | int, ...], keys: Sequence[str] | None = None
) -> bool:
    """Whether the problem stays if an object keeps some keys.

    Args:
        value: The whole value.
        shape: The shape that it should have.
        problem: The message of msgspec for the whole value.
        steps: The keys and indices that lead to the object.
        keys: The keys to keep. None means only the last of `steps`, in the object that the others
            lead to.
    """
    if keys is None:
        steps, keys = steps[:-1], [str(steps[-1])]
    return _problem(_with_keys(value, steps, keys), shape) == problem


def _with_keys(value: Any, steps: tuple[str | int, ...], keys: Sequence[str]) -> Any:
    if not steps:
        return {key: value[key] for key in keys}
    first, rest = steps[0], steps[1:]
    if isinstance(first, int):
        return [*value[:first], _with_keys(value[first], rest, keys), *value[first + 1 :]]
    return {**value, first: _with_keys(value[first], rest, keys)}


def _dotted(steps: Sequence[str | int]) -> str:
    text = ""
    for step in steps:
        name = f"[{step}]" if isinstance(step, int) else step if re.fullmatch(r"\w+", step) else repr(step)
        text += name if isinstance(step, int) or not text else f".{name}"
    return text


def _deeper_than(value: Any, levels: int) -> bool:
    row: list[Any] = [value]
    for _ in range(levels):
        row = [
            child
            for node in row
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, Mapping) else node)
        ]
    return any(isinstance(node, dict | list) for node in row)
