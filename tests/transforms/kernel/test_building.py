"""What is built of the repository: the kernel, the sdist and the wheel."""

import hashlib
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.support.locations import ROOT
from tests.support.needs import needs

KERNEL = ROOT / "src" / "shardmill" / "kernel.so"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that was built from it; nothing is fetched for them."""
    needs("cc")
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return out


def test_the_sdist_holds_the_sources_of_the_kernel(built: Path) -> None:
    """All of them, and nothing compiled."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "native").rglob("*.[ch]")}
    assert {*sources, "native/compile.py", "native/hatch_build.py"} <= names
    assert [name for name in names if name.endswith((".so", ".o"))] == []


def test_sdist_and_wheel_hold_all_modules(built: Path) -> None:
    """Those of the three folders, each once: not what the links in `src` lead to, too."""
    folders = ["pipelines", "transforms", "schemas"]
    modules = sorted(path.relative_to(ROOT).as_posix() for name in folders for path in (ROOT / name).rglob("*.py"))
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert sorted(name for name in names if name.endswith(".py") and name.partition("/")[0] in folders) == modules
    assert {name for name in names if name.startswith("src/")} == {
        "src/shardmill/__init__.py",
        "src/shardmill/__main__.py",
        "src/shardmill/py.typed",
    }
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = [name.removeprefix("shardmill/") for name in wheel.namelist()]
    assert sorted(name for name in names if name.endswith(".py") and "/" in name) == modules


def test_the_wheel_holds_the_kernel(built: Path) -> None:
    """Once, where it is looked for, without its sources; the wheel's name says that it is of one kind of machine."""
    wheel = next(built.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        compiled = [name for name in names if name.endswith(".so")]
        assert compiled == ["shardmill/kernel.so"]
        assert archive.read(compiled[0]).startswith(b"\x7fELF")
    assert [name for name in names if name.endswith((".c", ".h", "compile.py"))] == []
    assert "-py3-none-linux_" in wheel.name


def test_a_wheel_leaves_the_clone_as_it_is(tmp_path: Path) -> None:
    """A wheel of the clone doesn't touch the library that an editable install uses: it may be for another machine."""
    needs("cc")
    before = hashlib.sha256(KERNEL.read_bytes()).digest(), KERNEL.stat().st_mtime_ns
    command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    assert (hashlib.sha256(KERNEL.read_bytes()).digest(), KERNEL.stat().st_mtime_ns) == before


def compiling(tmp_path: Path, **environment: str) -> tuple[int, str]:
    """The exit status of compiling to a folder, with no package installed, and the last line of what it says."""
    command = [sys.executable, "-I", "-S", str(ROOT / "native" / "compile.py"), str(tmp_path / "kernel.so")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert list(tmp_path.glob("kernel.so*")) == []
    return done.returncode, done.stderr.splitlines()[-1]


def test_a_machine_that_the_kernel_is_not_for(tmp_path: Path) -> None:
    """The message lists those that it is for."""
    assert compiling(tmp_path, SHARDMILL_MACHINE="x") == (
        1,
        "the kernel: expected a machine among x86_64, aarch64, received 'x'; run on one of these",
    )


def test_no_compiler_at_all(tmp_path: Path) -> None:
    """Without `cc` and without zig's package the message names both ways out."""
    expected = (
        "the kernel: expected the package ziglang, which is a C compiler, received a Python without it; "
        f"run `{sys.executable} -m pip install ziglang`"
    )
    assert compiling(tmp_path, PATH="") == (1, f"{expected}, or install a C compiler that is called `cc`")
    (tmp_path / "cc").touch(mode=0o755)
    assert compiling(tmp_path, PATH=str(tmp_path), SHARDMILL_COMPILER="zig") == (1, expected)


def test_a_compiler_that_fails(tmp_path: Path) -> None:
    """As one without the C library's headers: the message tells another way."""
    (tmp_path / "cc").write_text("#!/bin/sh\necho no headers >&2\nexit 3\n")
    (tmp_path / "cc").chmod(0o755)
    status, message = compiling(tmp_path, PATH=str(tmp_path))
    assert status == 1
    assert message.startswith("the kernel: expected cc ")
    assert message.endswith(
        "to compile it, received exit status 3; see above what it lacks, or take zig's compiler: "
        "`pip install ziglang`, and SHARDMILL_COMPILER=zig"
    )
