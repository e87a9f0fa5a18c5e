"""Reads a Dockerfile, as far as ours goes: an instruction that isn't known here is an error."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

STEPS = ("ARG", "COPY", "ENTRYPOINT", "ENV", "LABEL", "RUN", "USER", "WORKDIR")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Step:
    """An instruction.

    Attributes:
        name: Of the instruction, such as RUN.
        text: What follows the name, in one line.
    """

    name: str
    text: str


@dataclass(frozen=True)
class Stage:
    """What begins with FROM.

    Attributes:
        name: Its name.
        base: The image or the stage that it begins with, variables replaced.
        steps: Its instructions.
    """

    name: str
    base: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile.

    Attributes:
        arguments: Those before the first stage, with their defaults.
        stages: In their order; the last is built by default.
    """

    arguments: Mapping[str, str]
    stages: tuple[Stage, ...]


def parse(text: str) -> Dockerfile:
    """Parses a Dockerfile.

    Raises:
        ValueError: It has an instruction that isn't known here, or a stage without a name.
    """
    arguments: dict[str, str] = {}
    stages: list[tuple[str, str, list[Step]]] = []
    for step in _instructions(text):
        if step.name == "FROM":
            base, *named = step.text.split()
            if not named:
                raise ValueError(f"FROM {step.text!r}: expected `FROM image AS name`")
            name = named[-1]
            stages.append((name, expand(base, arguments), []))
        elif step.name not in STEPS:
            raise ValueError(f"{step.name!r} isn't known here; known are FROM, {', '.join(STEPS)}")
        elif stages:
            stages[-1][2].append(step)
        else:
            arguments |= pairs(step.text, arguments)
    return Dockerfile(arguments, tuple(Stage(name, base, tuple(steps)) for name, base, steps in stages))


def _instructions(text: str) -> Iterator[Step]:
    """Joins continued lines, leaves comments out."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for instruction in "\n".join(lines).replace("\\\n", "").splitlines():
        name, rest = instruction.split(maxsplit=1)
        yield Step(name.upper(), rest.strip())


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replaces variables; one that isn't set is an error, where Docker would take nothing in silence."""
    return _VARIABLE.sub(lambda match: variables[match[1] or match[2]], text)


def pairs(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """`NAME=value ...` as in ENV, LABEL and ARG; an ARG's name alone takes the variable's value."""
    return {
        name: expand(value, variables) if equals else variables[name]
        for name, equals, value in (word.partition("=") for word in shlex.split(text))
    }


def command(text: str) -> tuple[str, ...]:
    """The words of an ENTRYPOINT in its JSON form."""
    return tuple(json.loads(text))


def ignored(path: str, patterns: str) -> bool:
    """Whether a .dockerignore leaves out a path of a file: the last pattern that fits it, or a folder it lies in, decides."""
    out = False
    parts = path.split("/")
    names = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    for line in patterns.splitlines():
        pattern = line.strip().removeprefix("!").rstrip("/")
        if not pattern or pattern.startswith("#"):
            continue
        any_folder = pattern.startswith("**/")
        candidates = parts if any_folder else names
        if any(_fits(name, pattern.removeprefix("**/")) for name in candidates):
            out = not line.startswith("!")
    return out


def _fits(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/") and fnmatchcase(name, pattern)
