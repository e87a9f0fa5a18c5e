"""The rooms: what each folder holds, what it may import, and that the drawing of each is true."""

import ast
import importlib.util
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.locations import ROOT

PACKAGE = "shardmill"
# From the ground up: a module imports from its own folder and from those before it. A file beside folders is a floor of its own where it is
# named here.
FLOORS = (
    "schemas",
    "schemas/inference",
    "schemas/validation",
    "transforms/kernel",
    "transforms/stores",
    "transforms/files",
    "transforms/tfrecord",
    "transforms/decoding",
    "transforms/records",
    "transforms/numbers",
    "transforms/csv",
    "transforms/scoring",
    "transforms/sniff",
    "transforms/runtime",
    "transforms/rows",
    "transforms/filtering",
    "transforms/workers",
    "transforms/distributions",
    "transforms/statistics",
    "transforms/summaries",
    "transforms/keeping",
    "transforms/grouping",
    "transforms/repeats",
    "transforms/kinds",
    "transforms/kinds/numeric",
    "transforms/kinds/categorical",
    "transforms/kinds/dates",
    "transforms/kinds/text",
    "transforms/kinds/lists",
    "transforms/kinds/images",
    "transforms/features",
    "transforms/functions",
    "transforms/graph",
    "transforms",
    "pipelines/config",
    "pipelines/console",
    "pipelines/engines",
    "pipelines/run_folder",
    "pipelines/page",
    "pipelines/report/sample",
    "pipelines/report",
    "pipelines/job",
    "pipelines/inspect",
    "pipelines/describe",
    "pipelines/verify",
    "pipelines/survey",
    "pipelines/validate",
    "pipelines/diff",
    "pipelines/init",
    "pipelines/report/raw",
    "pipelines/doctor",
    "pipelines/run.py",
    "pipelines/apply.py",
    "pipelines/demo",
    "pipelines/cli",
    "pipelines/flex_template",
)
# Beam: the verbs, what every worker does beside its step, the clients of stores; and what builds and runs a job.
BEAM = (
    "transforms",
    "transforms/repeats",
    "transforms/workers",
    "transforms/stores",
    "pipelines/job",
    "pipelines/run_folder",
    "pipelines/engines",
)
# TensorFlow's Python half: where functions and graphs are traced, in TF Transform's analysis, and in what stands in for the C library.
TENSORFLOW = (
    "transforms/functions",
    "transforms/graph",
    "transforms/analyze_function.py",
    "transforms/count_tokens.py",
    "transforms/runtime/python_api.py",
)
HEAVY = {"tensorflow", "tensorflow_transform", "tfx_bsl", "keras"}
MOST_FILES = 13


def folder_of(room: str) -> Path:
    """A room's folder, in a clone as in an installed package."""
    spec = importlib.util.find_spec(f"{PACKAGE}.{room}")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def modules() -> Iterator[tuple[str, Path]]:
    """All modules: the path below the package, with slashes, and the file."""
    for room in ("schemas", "transforms", "pipelines"):
        folder = folder_of(room)
        for path in sorted(folder.rglob("*.py")):
            yield f"{room}/{path.relative_to(folder).as_posix()}", path


MODULES = dict(modules())
FOLDERS = sorted({name.rpartition("/")[0] for name in MODULES})


def dotted(name: str) -> str:
    """A module's name as it is imported."""
    return ".".join((PACKAGE, *name.removesuffix(".py").removesuffix("/__init__").split("/")))


NAMES = {dotted(name): name for name in MODULES}


def imported(path: Path) -> set[str]:
    """The dotted names of what a module imports when it runs, inside functions too, but not for type checkers only."""
    names: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: line {node.lineno}: a relative import"
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= whole & NAMES.keys() or {str(node.module)}
        pending += ast.iter_child_nodes(node)
    return names


IMPORTS = {name: imported(path) for name, path in MODULES.items()}
OURS = {name: {NAMES[other] for other in found & NAMES.keys()} for name, found in IMPORTS.items()}


def tops(name: str) -> set[str]:
    """The top-level packages that a module imports."""
    return {other.partition(".")[0] for other in IMPORTS[name]}


def floor_of(name: str) -> int:
    """The number of a module's floor."""
    return FLOORS.index(name if name in FLOORS else name.rpartition("/")[0])


def within(name: str, places: tuple[str, ...]) -> bool:
    """Whether a module is one of the places, or stands directly in one of them."""
    return name in places or name.rpartition("/")[0] in places


@pytest.mark.parametrize("name", [name for name in MODULES if not name.endswith("/__init__.py")])
def test_imports_go_one_way(name: str) -> None:
    """A module imports from its own folder and from floors below it."""
    wrong = {other for other in OURS[name] if floor_of(other) > floor_of(name)}
    assert not wrong, f"{name} imports {sorted(wrong)}, which stand on higher floors"


def test_no_imports_go_in_a_circle() -> None:
    """No module imports itself by way of others, not even inside functions."""
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way[way.index(name) :], name))
        if name not in done:
            for other in OURS[name]:
                visit(other, (*way, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


@pytest.mark.parametrize("name", MODULES)
def test_only_the_verbs_and_the_jobs_know_beam(name: str) -> None:
    """Beam is imported by path: verbs, workers, storage, jobs and engines."""
    assert "apache_beam" not in tops(name) or within(name, BEAM)


@pytest.mark.parametrize("name", MODULES)
def test_only_the_graph_knows_tensorflow(name: str) -> None:
    """TensorFlow's Python half is imported where graphs are traced, and in the two modules named above."""
    assert not HEAVY & tops(name) or within(name, TENSORFLOW)


def test_the_rules_name_what_exists() -> None:
    """No rule above names a folder or file that has gone, or an exception that nothing needs."""
    there = {*FOLDERS, *MODULES}
    assert not {*FLOORS, *BEAM, *TENSORFLOW} - there
    assert all(any(within(name, (place,)) and "apache_beam" in tops(name) for name in MODULES) for place in BEAM)
    assert all(any(within(name, (place,)) and HEAVY & tops(name) for name in MODULES) for place in TENSORFLOW)


def test_no_two_modules_have_one_file_name() -> None:
    """A file name occurs once, so that it says which module is meant."""
    counts = Counter(name.rpartition("/")[2] for name in MODULES if not name.endswith("/__init__.py"))
    assert {name for name, count in counts.items() if count > 1} == set()


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_can_be_taken_in_at_a_glance(folder: str) -> None:
    """No folder has more than 13 files beside its `__init__`."""
    assert len([entry for entry in entries(folder) if not entry.endswith("/")]) <= MOST_FILES


@pytest.mark.parametrize("top", ["tests", "native"])
def test_folders_of_tests_and_of_c_are_small_and_names_of_their_files_unique(top: str) -> None:
    """They keep both rules too, `conftest.py` and `__main__.py` apart, whose names are given; a C file's object file is named after it."""
    given = {"__init__.py", "__main__.py", "conftest.py"}
    found = [
        path
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.name not in given
    ]
    assert {
        folder: count for folder, count in Counter(path.parent for path in found).items() if count > MOST_FILES
    } == {}
    names = Counter(path.name for path in found if path.suffix in {".py", ".c", ".h"})
    assert {name for name, count in names.items() if count > 1} == set()


def entries(folder: str) -> list[str]:
    """What stands in a folder, a folder with a slash at its end; not its `__init__` nor what Python and tools leave."""
    left = {"__init__.py", "__pycache__", "py.typed"}
    path = MODULES[f"{folder}/__init__.py"].parent
    return sorted(
        each.name + ("/" if each.is_dir() else "") for each in path.iterdir() if each.name.rstrip("/") not in left
    )


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_lists_what_it_holds(folder: str) -> None:
    """The docstring of a folder's `__init__` names each of its files and folders once, each on a line of its own."""
    text = ast.get_docstring(ast.parse(MODULES[f"{folder}/__init__.py"].read_text(encoding="utf-8")))
    assert text is not None
    listed = re.findall(r"^ *([a-z0-9_]+(?:\.[a-z]+|/))(?:  +| *$)", text, re.MULTILINE)
    assert sorted(listed) == entries(folder)


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after some code."""
    script = f"{code}\nimport sys; print(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_transforms_load_without_tensorflow() -> None:
    """Importing everything in `transforms` and `schemas`, but for what traces, doesn't load TensorFlow."""
    names = [
        dotted(name)
        for name, path in MODULES.items()
        if not name.startswith("pipelines/") and not HEAVY & loaded_at_once(path)
    ]
    assert "tensorflow" not in loaded_after(f"import {', '.join(names)}")


def loaded_at_once(path: Path) -> set[str]:
    """The top-level packages that a module imports outside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    plain = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    return {
        name.partition(".")[0]
        for name in plain | {str(node.module) for node in tree.body if isinstance(node, ast.ImportFrom)}
    }


def test_the_command_line_loads_nothing_heavy() -> None:
    """`shardmill --help` needs neither Beam nor TensorFlow nor Arrow."""
    heavy = {"apache_beam", "tensorflow", "pyarrow", "numpy", "pandas"}
    assert not heavy & loaded_after("import shardmill.pipelines.cli.commands")


def test_reading_a_configuration_loads_nothing_heavy() -> None:
    """A mistake in the configuration is told before Beam or Arrow are loaded."""
    assert not {"apache_beam", "tensorflow", "pyarrow"} & loaded_after("import shardmill.pipelines.config.load")
