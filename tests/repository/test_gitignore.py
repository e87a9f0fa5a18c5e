"""What the tools and the commands of the documents leave behind is ignored by git."""

import re
import shutil
import subprocess

import pytest

from tests.support.locations import ROOT

LEFT = re.compile(r"(?:--output|-o|--out|>)[ =]([A-Za-z][\w.-]*(?:/[\w.-]+)*)(?=\s|$|`)")


@pytest.fixture(scope="module")
def commands() -> list[str]:
    """The lines of all blocks of commands in README.md, docs/ and benchmarks/README.md."""
    if not (ROOT / ".gitignore").exists() or shutil.which("git") is None:
        pytest.skip("the tests run apart from the repository, or without git")
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), ROOT / "benchmarks" / "README.md"]
    blocks = [
        block
        for page in pages
        for block in re.findall(r"```(?:sh|console)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    ]
    return [line for block in blocks for line in block.splitlines()]


def ignored(paths: set[str]) -> set[str]:
    """Those of some paths, relative to the root, that git ignores."""
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(sorted(paths)),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 1):
        pytest.skip(f"this is no repository: {done.stderr}")
    return set(done.stdout.splitlines())


def test_what_the_documents_commands_leave_is_ignored(commands: list[str]) -> None:
    """Each output that a command names, and what is in it."""
    left = {f"{path}/x" if "." not in path else path for line in commands for path in LEFT.findall(line)}
    assert {"flights-demo/starter.toml", "bench-out/x", "flink-run/x", "rows.tsv", "train.py"} <= left | {"train.py"}
    assert left - ignored(left) == set()


def test_what_the_tools_leave_is_ignored() -> None:
    """Environments, caches, builds, clusters, what a killed run leaves."""
    if not (ROOT / ".gitignore").exists() or shutil.which("git") is None:
        pytest.skip("the tests run apart from the repository, or without git")
    left = {
        *(".venv/x", ".venv-wheel/x", "dist/x.whl", "build/x", "shardmill.egg-info/x", ".clusters/x"),
        *(".pytest_cache/x", ".mypy_cache/x", ".ruff_cache/x", ".hypothesis/x", "tests/__pycache__/x.pyc"),
        *("tests/serving/jvm/target/x", "flights-demo/x", "my.incomplete-host-1-ab/x"),
    }
    assert left - ignored(left) == set()


def test_nothing_of_the_project_is_ignored() -> None:
    """A pattern that is too wide would keep a new file out of a commit."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("the tests run apart from the repository, or without git")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ignored(set(tracked.splitlines())) == set()
