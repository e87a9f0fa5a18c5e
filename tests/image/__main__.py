"""Runs the checks where whatever they mount or start is gone with them, killed or not: in a mount and process namespace of their own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

_NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def main() -> int:
    """Runs pytest on the checks."""
    # Else it would end without removing anything.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # Removed from outside the namespaces: there nothing is mounted in it.
    with tempfile.TemporaryDirectory(prefix="shardmill-image-", ignore_cleanup_errors=True) as scratch:
        Path(scratch).chmod(0o755)
        tests = [
            sys.executable,
            "-m",
            "pytest",
            "--verbose",
            f"--basetemp={scratch}/tests",
            Path(__file__).with_name("checks.py"),
        ]
        environ = os.environ | {"SHARDMILL_IMAGE_SCRATCH": scratch}
        as_root = _NAMESPACES if os.geteuid() == 0 and shutil.which("unshare") else []
        return subprocess.run([*as_root, *tests, *sys.argv[1:]], check=False, env=environ).returncode


if __name__ == "__main__":
    sys.exit(main())
