"""Imports go one way, pipelines -> transforms -> schemas, and only some modules know Beam or TensorFlow."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# The rooms, each with those it may import from.
ROOMS = {
    "schemas": {"schemas"},
    "transforms": {"schemas", "transforms"},
    "pipelines": {"schemas", "transforms", "pipelines"},
}

# The verbs, and what they share.
BEAM = {
    "shardmill.transforms.analyze",
    "shardmill.transforms.analyze_function",
    "shardmill.transforms.check_workers",
    "shardmill.transforms.workers.merge",
    "shardmill.transforms.count_tokens",
    "shardmill.transforms.profile",
    "shardmill.transforms.workers.metrics",
    "shardmill.transforms.read",
    "shardmill.transforms.recount",
    "shardmill.transforms.stores.beam_store",
    "shardmill.transforms.stores.gcs_store",
    "shardmill.transforms.stores.s3_store",
    "shardmill.transforms.stores.clients",
    "shardmill.transforms.trace",
    "shardmill.transforms.transform",
    "shardmill.transforms.write",
}
# The modules that trace the graph, the one that runs it where TensorFlow's C library isn't found, and TF Transform's analysis.
TENSORFLOW = {
    "shardmill.transforms.functions.analyze_domains",
    "shardmill.transforms.analyze_function",
    "shardmill.transforms.count_tokens",
    "shardmill.transforms.graph.build",
    "shardmill.transforms.graph.derive",
    "shardmill.transforms.functions.domains",
    "shardmill.transforms.functions.traced_function",
    "shardmill.transforms.graph.save",
    "shardmill.transforms.functions.padding",
    "shardmill.transforms.graph.outputs",
    "shardmill.transforms.functions.columns",
    "shardmill.transforms.runtime.python_api",
}
# What answers before a job is built: it must not load Beam.
LIGHT = {
    "shardmill.pipelines.cli.commands",
    "shardmill.pipelines.cli.engine_options",
    "shardmill.pipelines.cli.examples",
    "shardmill.pipelines.cli.help",
    "shardmill.pipelines.cli.options",
    "shardmill.pipelines.config.load",
    "shardmill.pipelines.config.input_section",
    "shardmill.pipelines.doctor.machine",
    "shardmill.pipelines.engines.endpoints",
    "shardmill.pipelines.engines.choose",
    "shardmill.transforms.tfrecord.decode",
    "shardmill.pipelines.cli.failure_reports",
    "shardmill.pipelines.console.stderr",
    "shardmill.pipelines.inspect.inspect",
    "shardmill.pipelines.inspect.run_tables",
    "shardmill.pipelines.run_folder.manifest_keys",
    "shardmill.pipelines.config.paths",
    "shardmill.pipelines.console.plain_console",
    "shardmill.pipelines.console.printable",
    "shardmill.pipelines.job.preflight",
    "shardmill.pipelines.console.progress",
    "shardmill.pipelines.inspect.code",
    "shardmill.pipelines.inspect.code_features",
    "shardmill.pipelines.inspect.code_lines",
    "shardmill.pipelines.inspect.code_facts",
    "shardmill.pipelines.inspect.code_template",
    "shardmill.pipelines.inspect.code_training",
    "shardmill.pipelines.console.summary",
    "shardmill.pipelines.config.toml_lines",
    "shardmill.pipelines.config.table",
    "shardmill.pipelines.engines.worker",
}


def modules(room: str) -> Iterator[tuple[str, Path]]:
    """The modules of a room: dotted name and file."""
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.submodule_search_locations
    folder = Path(spec.submodule_search_locations[0])
    for path in sorted(folder.rglob("*.py")):
        parts = (room, *path.relative_to(folder).with_suffix("").parts)
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


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
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        pending += ast.iter_child_nodes(node)
    return names


def tops(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    return {name.partition(".")[0] for name in imported(path)}


ALL = [pytest.param(name, path, id=name) for room in ROOMS for name, path in modules(room)]


@pytest.mark.parametrize(("name", "path"), ALL)
def test_imports_go_one_way(name: str, path: Path) -> None:
    """A module imports from its own room and those below it only."""
    room = name.partition(".")[0]
    wrong = (tops(path) & set(ROOMS)) - ROOMS[room]
    assert not wrong, f"{name} imports from {sorted(wrong)}, but {room} may only import from {sorted(ROOMS[room])}"


@pytest.mark.parametrize(("name", "path"), ALL)
def test_only_the_verbs_and_the_jobs_know_beam(name: str, path: Path) -> None:
    """Nouns don't import Beam, nor does what answers before a job is built."""
    if "apache_beam" in tops(path):
        assert name in BEAM or (name.startswith("pipelines.") and name not in LIGHT), f"{name} imports Beam"


@pytest.mark.parametrize(("name", "path"), ALL)
def test_only_the_graph_knows_tensorflow(name: str, path: Path) -> None:
    """TensorFlow's Python half is imported where graphs are traced, and where the C library's stand-in runs them."""
    if {"tensorflow", "tensorflow_transform", "tfx_bsl", "keras"} & tops(path):
        assert name in TENSORFLOW, f"{name} imports TensorFlow"


def test_the_lists_name_modules_that_exist() -> None:
    """No list above names a module that has gone or that doesn't need its exception."""
    names = {name: path for room in ROOMS for name, path in modules(room)}
    assert names.keys() >= BEAM | TENSORFLOW | LIGHT
    assert {name for name in BEAM if "apache_beam" not in tops(names[name])} == set()
    assert {name for name in TENSORFLOW if not {"tensorflow", "tensorflow_transform"} & tops(names[name])} == set()


def loaded_after(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after some code."""
    script = f"{code}\nimport sys; print(*(name for name in sys.modules if '.' not in name))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    return set(done.stdout.split())


def test_transforms_load_without_tensorflow() -> None:
    """Importing everything in `transforms` and `schemas` doesn't load TensorFlow."""
    tracing = TENSORFLOW - {"shardmill.transforms.runtime.python_api"}
    names = [name for room in ("transforms", "schemas") for name, _ in modules(room) if name not in tracing]
    assert "tensorflow" not in loaded_after(f"import {', '.join(names)}")


def test_the_command_line_loads_nothing_heavy() -> None:
    """`shardmill --help` needs neither Beam nor TensorFlow nor Arrow."""
    assert not {"apache_beam", "tensorflow", "pyarrow", "numpy", "pandas"} & loaded_after(
        "import shardmill.pipelines.cli.commands"
    )


def test_reading_a_configuration_loads_nothing_heavy() -> None:
    """A mistake in the configuration is told before Beam or Arrow are loaded."""
    assert not {"apache_beam", "tensorflow", "pyarrow"} & loaded_after("import shardmill.pipelines.config.load")
