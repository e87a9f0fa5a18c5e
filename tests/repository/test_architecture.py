"""The map: what docs/architecture.md draws, and every path that the documents for developers name, against the tree."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.repository.test_imports import BEAM, FLOORS, PACKAGE, TENSORFLOW
from tests.support.locations import ROOT

PAGES = ("docs/architecture.md", "docs/where.md", "CONTRIBUTING.md")
ROOMS = ("pipelines", "transforms", "schemas")
FEWEST_TASKS = 20


def page(name: str) -> str:
    """A document's text."""
    path = ROOT / name
    if not path.exists():
        pytest.skip("the tests run apart from the repository")
    return path.read_text(encoding="utf-8")


def drawing(heading: str) -> str:
    """The code block of a section of docs/architecture.md."""
    section = page("docs/architecture.md").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = re.search(r"^```\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    assert found, heading
    return found[1]


def flow() -> list[tuple[str, str]]:
    """What the drawing of the flow names: a stage or function, and its file."""
    return re.findall(r"(\w+)\)? +((?:pipelines|transforms)/[\w/]+\.py)", drawing("The flow"))


def rooms() -> list[list[str]]:
    """The lines of the drawing of the rooms: the room, and the marks beside it."""
    lines = re.findall(r"^ (\S+) +(Beam)? *(TensorFlow)?", drawing("The rooms"), re.MULTILINE)
    return [[room.rstrip("/"), *(mark for mark in marks if mark)] for room, *marks in lines]


def defined(path: str) -> set[str]:
    """The functions and classes at the top of a module, and the names of the stages that it adds to a pipeline."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return {each.name for each in ast.parse(text).body if isinstance(each, ast.ClassDef | ast.FunctionDef)} | stages_of(
        text
    )


def stages_of(text: str) -> set[str]:
    """The names that a module's text gives to stages of a pipeline."""
    return set(re.findall(r'"([A-Z]\w+)" >>', text))


def snake(name: str) -> str:
    """A stage's name as that of a function."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def test_the_flow_names_what_its_files_define() -> None:
    """Each name of the drawing is a class, a function or a stage in the file beside it."""
    assert flow()
    for name, path in flow():
        assert {name, snake(name), f"_{snake(name)}"} & defined(path), f"{path} doesn't define {name}"


def test_the_flow_has_every_stage_and_every_verb() -> None:
    """No stage of the jobs is left out, nor a file of `transforms/` in which Beam is wired."""
    text = page("docs/architecture.md")
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "pipelines" / "job").glob("*.py")]
    stages = set().union(*map(stages_of, sources))
    assert "TransformUnits" in stages
    assert [stage for stage in sorted(stages) if not re.search(rf"\b{stage}\b", text)] == []
    verbs = {f"transforms/{path.name}" for path in (ROOT / "transforms").glob("*.py")} - {"transforms/__init__.py"}
    assert verbs - {path for _, path in flow()} - set(quoted(text)) == set()


def test_the_rooms_are_drawn_in_the_order_of_their_floors() -> None:
    """The drawing is the list of floors that imports are held against, from the top down."""
    page("docs/architecture.md")
    assert [room for room, *_ in rooms()] == list(reversed(FLOORS))


def test_the_rooms_are_marked_as_the_rules_say() -> None:
    """Beam and TensorFlow stand beside the rooms that may import them, in full or in one of their files."""
    page("docs/architecture.md")
    for mark, rule in (("Beam", BEAM), ("TensorFlow", TENSORFLOW)):
        folders = {place.rpartition("/")[0] if place.endswith(".py") else place for place in rule}
        assert {room for room, *marks in rooms() if mark in marks} == folders


def quoted(text: str) -> Iterator[str]:
    """What stands in backticks outside code blocks."""
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", PAGES)
def test_every_path_and_module_is_there(name: str) -> None:
    """A path in backticks is a file or folder of the repository, a dotted name a module or folder of the package."""
    words = [word for word in quoted(page(name)) if re.fullmatch(r"[\w./-]+", word)]
    paths = [word for word in words if "/" in word]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
    modules = [word.removeprefix(f"{PACKAGE}.").replace(".", "/") for word in words if word.split(".")[0] == PACKAGE]
    modules += [word.replace(".", "/") for word in words if word.split(".")[0] in ROOMS and "/" not in word]
    missing = [each for each in modules if not ((ROOT / each).is_dir() or (ROOT / f"{each}.py").is_file())]
    assert [each for each in missing if each != PACKAGE] == []


def tasks() -> list[tuple[str, list[str], list[list[str]]]]:
    """The rows of docs/where.md: the task, its files, and for each file the names to look for."""
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", page("docs/where.md"), re.MULTILINE)[1:]
    return [
        (task, list(quoted(files)), [list(quoted(names)) for names in all_.split(";")]) for task, files, all_ in rows
    ]


def test_each_task_has_its_file() -> None:
    """There are at least twenty tasks; each names files, and each file holds the names beside it."""
    assert len(tasks()) >= FEWEST_TASKS
    for task, files, names in tasks():
        assert len(files) == len(names), task
        for file, wanted in zip(files, names, strict=True):
            path = ROOT / file
            text = "\n".join(each.name for each in path.iterdir()) if path.is_dir() else path.read_text("utf-8")
            assert wanted, task
            assert [each for each in wanted if not re.search(rf"\b{re.escape(each)}\b", text)] == [], f"{task}: {file}"
