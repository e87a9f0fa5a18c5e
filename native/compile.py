"""Compiles the kernel: `python native/compile.py [OUT]`.

The compiler is the machine's `cc`, or zig's, a package of PyPI, where there is none or
SHARDMILL_COMPILER is "zig". zig's library runs on every Linux since 2014 and can be built for
another processor, which SHARDMILL_MACHINE names.
"""

import importlib.util
import os
import platform
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
# x86-64-v2, in words that GCC knew before version 11.
_X86 = ["-march=x86-64", "-mcx16", "-msahf", "-mpopcnt", "-msse3", "-mssse3", "-msse4.1", "-msse4.2"]
# The oldest processors and C library that the kernel runs on: x86-64-v2 has been in all since
# 2009; later ones brought nothing that could be measured.
_TARGETS = {
    "x86_64": ("x86_64-linux-gnu.2.17", "x86_64_v2", _X86),
    "aarch64": ("aarch64-linux-gnu.2.17", "generic+crc", ["-march=armv8-a+crc"]),
}
# Contraction would round a product and a sum at once where the processor can, and so differently
# on different ones.
_FLAGS = [
    "-std=gnu11",
    "-O3",
    "-shared",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=off",
    "-Wall",
    "-Wextra",
    "-g0",
    "-s",
]
# Where an editable install finds the library.
IN_PLACE = _FOLDER.parent / "src" / "shardmill" / "kernel.so"


def machine() -> str:
    """The processor to compile for."""
    return os.environ.get("SHARDMILL_MACHINE") or platform.machine()


def uses_zig() -> bool:
    """Whether zig's compiler is needed."""
    return os.environ.get("SHARDMILL_COMPILER") == "zig" or machine() != platform.machine() or not shutil.which("cc")


def compile_kernel(out: Path) -> None:
    """Compiles the kernel to a shared library."""
    if machine() not in _TARGETS:
        sys.exit(
            f"the kernel: expected a machine among {', '.join(_TARGETS)}, received {machine()!r}; run on one of these"
        )
    compiler = _compiler(*_TARGETS[machine()])
    sources = sorted(str(path) for path in _FOLDER.glob("*/*.c") if path.parent.name != "fuzz")
    made = out.with_name(f"{out.name}.{os.getpid()}")
    # A prefix map: the same bytes wherever it is built. Replaced at once: another process may have it loaded.
    folders = [f"-I{_FOLDER}", f"-ffile-prefix-map={_FOLDER}=native"]
    # By which Python finds that a library is of other sources than those beside it.
    names = [f'-DKERNEL_SOURCES="{_digest()}"']
    done = subprocess.run([*compiler, *_FLAGS, *names, *folders, *sources, "-o", str(made), "-lm"], check=False)
    if done.returncode:
        sys.exit(
            f"the kernel: expected {' '.join(compiler)} to compile it, received exit status {done.returncode}; see above what it "
            "lacks, or take zig's compiler: `pip install ziglang`, and SHARDMILL_COMPILER=zig"
        )
    made.replace(out)


def _digest() -> str:
    module = runpy.run_path(str(_FOLDER.parent / "transforms" / "kernel" / "source_digest.py"))
    return str(module["source_digest"](_FOLDER))


def _compiler(target: str, cpu: str, march: list[str]) -> list[str]:
    """The compiler's command."""
    if not uses_zig():
        return ["cc", *march]
    if not importlib.util.find_spec("ziglang"):
        other = "" if shutil.which("cc") else ", or install a C compiler that is called `cc`"
        sys.exit(
            "the kernel: expected the package ziglang, which is a C compiler, received a Python without it; "
            f"run `{sys.executable} -m pip install ziglang`{other}"
        )
    return [sys.executable, "-m", "ziglang", "cc", "-target", target, f"-mcpu={cpu}"]


if __name__ == "__main__":
    compile_kernel(Path(sys.argv[1]) if len(sys.argv) > 1 else IN_PLACE)
