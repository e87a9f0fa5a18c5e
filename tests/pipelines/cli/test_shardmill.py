"""The console script, in folders whose files are called as modules that it needs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import shardmill
from tests.support.runs import read_split

# What pip writes for an entry point.
SCRIPT = (
    "import re\nimport sys\nfrom shardmill.__main__ import main\nif __name__ == '__main__':\n    sys.exit(main())\n"
)
NAMESAKES = (
    "logging.py",
    "pipelines.py",
    "schemas.py",
    "schemas/__init__.py",
    "tensorflow.py",
    "tempfile.py",
    "transforms.py",
    "typer.py",
)
CONFIG = """
derive = "features/mine.py:derive"
[input]
files = "a.csv"
[features]
twice = "numeric"
[output]
dir = "run"
shards = 1
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the wheel fills it, with the script in `bin`."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "shardmill").symlink_to(Path(shardmill.__file__).parent)
    (folder / "bin").mkdir()
    (folder / "bin" / "shardmill").write_text(SCRIPT)
    return folder


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with data, and with files that end whoever imports them."""
    for name in NAMESAKES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('a file of the current folder was run')\n")
    (tmp_path / "a.csv").write_text("x\n1\n2\n")
    (tmp_path / "p.toml").write_text(CONFIG)
    (tmp_path / "features").mkdir()
    (tmp_path / "features" / "mine.py").write_text(
        "from helper import twice\ndef derive(inputs): return {'twice': twice(inputs['x'])}\n"
    )
    (tmp_path / "features" / "helper.py").write_text("def twice(x): return x * 2\n")
    return tmp_path


def shardmill_in(
    folder: Path, site: Path, *args: str, first: str = "", command: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Runs the script in a folder; `first` stands before all else in PYTHONPATH."""
    python_path = os.pathsep.join([*([first] if first else []), str(site), *(path for path in sys.path if path)])
    env = {**os.environ, "PYTHONPATH": python_path}
    return subprocess.run(
        [sys.executable, *(command or (str(site / "bin" / "shardmill"),)), *args],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("first", ["", "."])
def test_a_run_imports_nothing_of_the_current_folder(first: str, hostile: Path, site: Path) -> None:
    """Nor do the processes that it starts, with PYTHONPATH=. too; helpers beside the user's function are found."""
    done = shardmill_in(hostile, site, "run", "p.toml", "--quiet", first=first)
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(read_split(hostile / "run")["twice"].ravel()) == [2, 4]


def test_a_folder_elsewhere_on_the_path_shadows_nothing_of_ours(hostile: Path, site: Path, tmp_path: Path) -> None:
    """Our packages are found where they are installed, though another folder comes before it."""
    for name in ("pipelines.py", "schemas.py", "transforms.py"):
        (tmp_path / "elsewhere").mkdir(exist_ok=True)
        (tmp_path / "elsewhere" / name).write_text("raise SystemExit('a file elsewhere was run')\n")
    done = shardmill_in(tmp_path / "features", site, "run", "absent.toml", first=str(tmp_path / "elsewhere"))
    assert done.returncode == 2
    assert done.stderr.startswith("error: no configuration file 'absent.toml'")


_IMPORTS_NUMPY = """
import json, os, sys
from shardmill import __main__ as script
script._set_up()
before = "numpy" in sys.modules
import numpy
print(json.dumps([before, os.environ.get("OPENBLAS_NUM_THREADS"), len(os.listdir("/proc/self/task"))]))
"""


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({}, [False, "1", 1]),
        ({"OPENBLAS_NUM_THREADS": "2"}, [False, "2", 2]),
        ({"OMP_NUM_THREADS": "2"}, [False, None, 2]),
    ],
)
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core: NumPy starts no threads whatever it is told")
def test_numpy_starts_no_threads(own: dict[str, str], found: list[object]) -> None:
    """A command and its workers multiply no matrices, so they have one thread for that, or as many as the user says."""
    names = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
    env = {name: value for name, value in os.environ.items() if name not in names} | own
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS_NUMPY], env=env, capture_output=True, text=True, timeout=300, check=True
    )
    assert json.loads(done.stdout) == found


def test_it_runs_as_a_module(site: Path, tmp_path: Path) -> None:
    """`python -m shardmill` is the command line."""
    done = shardmill_in(tmp_path, site, "--version", command=("-m", "shardmill"))
    assert (done.returncode, done.stdout[:10]) == (0, "shardmill ")
