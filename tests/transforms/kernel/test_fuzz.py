"""The kernel reads and writes nothing beyond its buffers, whatever comes in."""

import subprocess
from pathlib import Path

from tests.support.locations import ROOT
from tests.support.needs import leave, needs

ENTRIES = sorted(path.stem for path in (ROOT / "native" / "fuzz").glob("*.c") if path.stem != "main")


def test_random_inputs_do_no_harm(tmp_path: Path) -> None:
    """Under the address and undefined-behaviour sanitizers all fuzzers' inputs go through."""
    needs("make", "cc")
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }")
    tried = ["cc", "-fsanitize=address,undefined", "empty.c"]
    if subprocess.run(tried, cwd=tmp_path, check=False, capture_output=True).returncode:
        leave("the C compiler has no sanitizers")
    (tmp_path / "a.out").unlink()
    command = ["make", "--silent", "fuzz", f"FUZZ={tmp_path}", "ROUNDS=3000", "SEED=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # For this machine's kernel, and for that of a machine without vectors.
    assert sorted(done.stdout.split("\n")) == sorted(["", *[*ENTRIES, *["3000 inputs from seed 1"] * len(ENTRIES)] * 2])
