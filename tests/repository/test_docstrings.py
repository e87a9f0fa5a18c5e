"""Docstrings and comments of the finished folders: a plain summary, short lines, no riddles."""

import ast
import importlib.util
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "shardmill"
# The folders whose prose has been gone through; a folder is added once it keeps the rules below.
FOLDERS = (
    "pipelines",
    "pipelines/cli",
    "pipelines/config",
    "pipelines/console",
    "pipelines/demo",
    "pipelines/describe",
    "pipelines/diff",
    "pipelines/doctor",
    "pipelines/engines",
    "pipelines/flex_template",
    "pipelines/init",
    "pipelines/inspect",
    "pipelines/job",
    "pipelines/page",
    "pipelines/report",
    "pipelines/report/raw",
    "pipelines/report/sample",
    "pipelines/run_folder",
    "pipelines/validate",
    "pipelines/verify",
    "schemas",
    "schemas/inference",
    "schemas/validation",
    "transforms",
    "transforms/csv",
    "transforms/decoding",
    "transforms/features",
    "transforms/files",
    "transforms/functions",
    "transforms/graph",
    "transforms/keeping",
    "transforms/kinds",
    "transforms/kinds/categorical",
    "transforms/kinds/dates",
    "transforms/kinds/numeric",
    "transforms/kinds/images",
    "transforms/kinds/lists",
    "transforms/kinds/text",
    "transforms/records",
    "transforms/rows",
    "transforms/filtering",
    "transforms/runtime",
    "transforms/scoring",
    "transforms/distributions",
    "transforms/statistics",
    "transforms/grouping",
    "transforms/repeats",
    "transforms/stores",
    "transforms/tfrecord",
    "transforms/workers",
)
WORDS = 10
COLUMNS = 100
# A summary is a verb or a plain noun phrase: none of these begins one.
RIDDLES = ("What ", "So many", "Of ", "It is", "As it", "None:")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def files_of(folder: str) -> list[Path]:
    """The modules of a folder, found as Python finds them."""
    spec = importlib.util.find_spec(f"{PACKAGE}.{folder.replace('/', '.')}")
    assert spec is not None
    assert spec.submodule_search_locations
    return sorted(Path(spec.submodule_search_locations[0]).glob("*.py"))


folders = pytest.mark.parametrize("folder", FOLDERS)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of each docstring of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, Documented):
            text = ast.get_docstring(node)
            if text is not None:
                yield node.body[0].lineno, text


def comments(path: Path) -> Iterator[tuple[int, str, bool]]:
    """The line and the text of each comment of a module, and whether it has its line to itself."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string, not token.line[: token.start[1]].strip()


def names(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the name of each variable, parameter, attribute, function and class of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Name):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute):
            yield node.lineno, node.attr
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


def prose_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a module that are prose alone: docstrings', and comments'."""
    lines = path.read_text(encoding="utf-8").splitlines()
    numbers = {number for number, _, is_alone in comments(path) if is_alone}
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, Documented) and ast.get_docstring(node) is not None:
            first = node.body[0]
            numbers |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return ((number, lines[number - 1]) for number in sorted(numbers))


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of each docstring and comment of a module."""
    yield from docstrings(path)
    yield from ((line, text) for line, text, _ in comments(path))


@folders
def test_a_summary_is_short_and_plain(folder: str) -> None:
    """A docstring's first paragraph has at most ten words, and begins with a verb or a plain noun phrase."""
    for path in files_of(folder):
        for line, text in docstrings(path):
            summary = " ".join(text.split("\n\n")[0].split())
            assert len(summary.split()) <= WORDS, f"{path}:{line}: {summary}"
            assert not summary.startswith(RIDDLES), f"{path}:{line}: {summary}"


@folders
def test_lines_of_prose_are_short(folder: str) -> None:
    """Lines of docstrings and comments have at most 100 columns; a comment beside code has the code's limit."""
    for path in files_of(folder):
        for number, line in prose_lines(path):
            assert len(line) <= COLUMNS, f"{path}:{number}: {line}"


@folders
def test_none_is_explained_in_a_sentence(folder: str) -> None:
    """Docstrings and comments say "None means ...", not "None: ..."."""
    for path in files_of(folder):
        for line, text in prose(path):
            assert "None: " not in text, f"{path}:{line}: {text}"


@folders
def test_nothing_is_called_a_place(folder: str) -> None:
    """A position, offset, location, index or slot is called so; "in place" is said of values that are changed."""
    for path in files_of(folder):
        for line, name in names(path):
            assert not {"place", "places"} & set(name.lower().split("_")), f"{path}:{line}: {name}"
        for line, text in prose(path):
            assert not re.search(r"(?<!\bin )\bplaces?\b", text), f"{path}:{line}: {text}"
