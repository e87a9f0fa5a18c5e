"""The help of the command line, its examples, and what the shell completes."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

import pytest
import typer

from shardmill.pipelines.cli.commands import app
from shardmill.pipelines.cli.examples import EXAMPLES
from tests.pipelines.cli.test_commands import COMMAND, call_here

COMMANDS = ["init", "run", "inspect", "report", "verify", "validate", "diff", "apply", "demo", "doctor"]


def page(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str, columns: int = 80
) -> list[str]:
    """The lines of a page of help."""
    monkeypatch.setenv("COLUMNS", str(columns))
    status, out, err = call_here(monkeypatch, capsys, *args)
    assert (status, err) == (0, "")
    return out.splitlines()


def section(lines: Sequence[str], heading: str) -> list[str]:
    """The lines below a heading."""
    rest = lines[lines.index(f"{heading}:") + 1 :]
    return rest[: rest.index("")] if "" in rest else rest


def test_help_lists_the_commands_in_the_order_of_their_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each has a whole sentence, which fits a line."""
    rows = section(page(monkeypatch, capsys, "--help", columns=120), "Commands")
    assert [row.split()[0] for row in rows] == COMMANDS
    assert all(row.endswith(".") and not row.endswith("..") for row in rows)


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("columns", [60, 100, 300])
@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_the_terminal(
    command: str, columns: int, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line but an example is wider than the terminal, or than 120 columns; none is cut, none shows a Python type."""
    lines = page(monkeypatch, capsys, command, option, columns=columns)
    assert lines[0].startswith(f"Usage: shardmill {command} [OPTIONS]")
    examples = section(lines, "Examples") if option == "--help" else []
    assert max(len(line) for line in lines if line not in examples) <= min(columns, 120)
    text = "\n".join(lines[1:])
    assert not any(mark in text for mark in ("...\n", "<", "TEXT", "INTEGER", "{"))


def test_short_help_says_less(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`-h` has the same options, without details and examples, and says where these are."""
    short, long = (page(monkeypatch, capsys, "run", option) for option in ("-h", "--help"))
    assert section(short, "Output options") == section(long, "Output options")
    assert "Examples:" in long
    assert "Examples:" not in short
    assert any("go to Apache Beam" in line for line in long)
    assert not any("Apache Beam" in line for line in short)
    assert short[-1] == "`shardmill run --help` says more, with examples."


def test_options_are_in_groups(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """What is read, what is written, what runs it, and what every command has."""
    lines = page(monkeypatch, capsys, "apply", "-h", columns=120)
    assert lines[0] == "Usage: shardmill apply [OPTIONS] --input FILES --output DIR RUN_DIR [BEAM OPTIONS]"
    assert section(lines, "Arguments") == ["  RUN_DIR  The folder of a finished run."]
    assert [row.split()[0] for row in section(lines, "Input options")] == ["--input"]
    assert [row.split()[0] for row in section(lines, "Output options")] == ["-o,", "--split", "--overwrite"]
    assert [row.split()[0] for row in section(lines, "Engine options")] == ["--engine", "--workers"]
    assert [row.split()[0] for row in section(lines, "Global options")] == ["--profile", "-q,", "--debug", "-h,"]


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_the_examples_are_commands_that_there_are(command: str) -> None:
    """Each example's options and arguments are taken as they stand; Beam's are Beam's."""
    group = typer.main.get_command(app)
    for example in EXAMPLES[command].splitlines():
        # What stands apart says what the command does; what follows > is the shell's.
        name, *args = shlex.split(example.partition("   ")[0].partition(" > ")[0])[1:]
        assert command in ("", name)
        with group.make_context("shardmill", [name, *args]) as root:
            _, found, rest = group.resolve_command(root, [name, *args])
            with found.make_context(name, rest, parent=root) as ctx:
                assert all("--flink_master" in left for left in ctx.args)


def complete(words: str) -> list[str]:
    """What bash is given for the last of some words."""
    env = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "_SHARDMILL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = subprocess.run(COMMAND, capture_output=True, text=True, env=env, timeout=120, check=True)
    return done.stdout.split()


def test_the_shell_completes_commands_options_and_engines() -> None:
    """What has been typed is completed to what there is."""
    assert complete("shardmill in") == ["init", "inspect"]
    assert complete("shardmill run --de") == ["--debug"]
    assert complete("shardmill run --engine fl") == ["flink"]


def test_a_script_for_the_shell_is_printed() -> None:
    """`--show-completion` knows the shell that it is called from."""
    command = shlex.join([*COMMAND, "--show-completion"])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        ["bash", "-c", f"{command}; exit $?"], capture_output=True, text=True, env=env, timeout=120, check=True
    )
    assert done.stdout.rstrip().endswith("complete -o default -F _shardmill_completion shardmill")
