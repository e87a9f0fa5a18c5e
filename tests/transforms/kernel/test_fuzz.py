"""The kernel reads and writes nothing beyond its buffers, whatever comes in."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.locations import ROOT

SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-O1", "-march=native", "-std=gnu11"]
ENTRIES = sorted(path.stem for path in (ROOT / "native" / "fuzz").glob("*.c") if path.stem != "main")


def _compiled(entry: str, folder: Path) -> Path:
    """A fuzzer; skips where the compiler has no sanitizers."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    (folder / "empty.c").write_text("int main(void) { return 0; }")
    if subprocess.run([compiler, *SANITIZE, "empty.c", "-o", "empty"], cwd=folder, check=False).returncode:
        pytest.skip("the C compiler has no address sanitizer")
    native = ROOT / "native"
    sources = [*sorted(native.glob("*.c")), native / "fuzz" / "main.c", native / "fuzz" / f"{entry}.c"]
    subprocess.run([compiler, *SANITIZE, *map(str, sources), "-o", entry, "-lm"], cwd=folder, check=True)
    return folder / entry


@pytest.mark.parametrize("entry", ENTRIES)
def test_random_inputs_do_no_harm(tmp_path: Path, entry: str) -> None:
    """Under the address and undefined-behaviour sanitizers a fuzzer's inputs all go through."""
    done = subprocess.run([_compiled(entry, tmp_path), "20000", "1"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "20000 inputs from seed 1\n"), done.stderr
