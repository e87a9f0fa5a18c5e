"""The commands that `shardmill init` prints, run as they stand."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shardmill.pipelines.init.next_steps import Starter, next_steps
from tests.pipelines.cli.test_commands import COMMAND, call

ROWS = 400


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `shardmill` and `python`, for the PATH."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "shardmill").write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{COMMAND[-1]}" "$@"\n')
    (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    for program in folder.iterdir():
        program.chmod(0o755)
    return folder


def write_houses(folder: Path) -> None:
    """A table in a folder with a space in its name, in Latin-1, with semicolons; one label in forty is missing."""
    folder.mkdir()
    lines = ["MedInc;city;price"]
    lines += [
        f"{row % 83 / 10};{('Köln', '?')[row % 2]};{'' if row % 40 == 0 else row % 83 * 3}" for row in range(ROWS)
    ]
    (folder / "houses.csv").write_text("\n".join(lines) + "\n", encoding="latin-1")


def run_printed(text: str, folder: Path, programs: Path) -> str:
    """Runs the commands of a text, its indented lines that begin with a program, in a folder; gives what the last printed."""
    commands = [line.strip() for line in text.splitlines() if line.startswith(("  shardmill ", "  python "))]
    assert [command.split()[0] for command in commands] == ["shardmill", "shardmill", "python"]
    path = os.pathsep.join((str(programs), os.environ["PATH"]))
    env = os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each), "PATH": path}
    for command in commands:
        done = subprocess.run(
            command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_what_init_prints_runs_trains_and_exports(tmp_path: Path, programs: Path) -> None:
    """From a folder that holds neither the data nor the configuration, with a label, a split and settings."""
    write_houses(tmp_path / "my data")
    (tmp_path / "work").mkdir()
    (tmp_path / "conf").mkdir()
    options = [
        "--label",
        "price",
        "--split",
        "0.8,0.1,0.1",
        "--set",
        "input.encoding=latin-1",
        "--set",
        "output.shards=1",
    ]
    done = call("init", "../my data/*.csv", "-o", "../conf/houses.toml", *options, cwd=tmp_path / "work")
    assert done.returncode == 0, done.stderr
    assert "Label: price." in done.stdout
    printed = run_printed(done.stdout, tmp_path / "work", programs)
    assert "loss" in printed
    assert printed.endswith("\nExported the model to ../conf/houses-out-model\n")
    assert [path.name for path in (tmp_path / "work").iterdir()] == []
    run = tmp_path / "conf" / "houses-out"
    assert {path.name for path in run.glob("*.tfrecord.gz")} == {
        f"{split}-00000-of-00001.tfrecord.gz" for split in ("train", "eval", "test")
    }
    assert (tmp_path / "conf" / "houses-out-model" / "saved_model.pb").exists()


def test_without_a_label_it_says_what_to_change() -> None:
    """The line to write, and the commands all the same: they read, and train nothing."""
    example = 'price = { kind = "label" }'
    text = next_steps(Starter("a b/p.toml", "a b/p.schema.pbtxt", "../p-out", (), example))
    assert text.splitlines() == [
        "Wrote a b/p.toml and a b/p.schema.pbtxt.",
        "Next, in a b/p.toml change the line of the column that a model is to predict, for example to",
        '  price = { kind = "label" }',
        "look the file over, then run",
        "  shardmill run 'a b/p.toml'",
        "  shardmill inspect --code p-out > 'a b/p-train.py'",
        "  python 'a b/p-train.py'",
    ]


def test_a_remote_output_is_named_as_it_is() -> None:
    """The commands read it there."""
    text = next_steps(Starter("c/p.toml", "c/p.schema.pbtxt", "s3://bucket/run", ("y",), ""))
    assert "  shardmill inspect --code s3://bucket/run > c/p-train.py" in text.splitlines()
