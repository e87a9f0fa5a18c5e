"""`shardmill-worker`: starts a Python worker on a cluster's machine.

Flink and Spark run it by Beam's PROCESS environment, with the addresses of the job's services. It
becomes Beam's own boot program, as the worker image does, so that the worker runs in the
environment that shardmill is installed in. Boot is a Go program that Beam's Python packages don't
contain: docs/clusters.md says how to get it.
"""

import os
import shutil
import sys
from typing import NoReturn

from shardmill.transforms.files.temporary import new_folder, remove_left


def find_boot() -> str | None:
    """Finds Beam's boot program.

    It is $SHARDMILL_BOOT, `beam-boot` beside the interpreter or on the PATH, or the path in Beam's
    images.
    """
    here = os.path.dirname(sys.executable)
    paths = (os.environ.get("SHARDMILL_BOOT"), os.path.join(here, "beam-boot"), "beam-boot", "/opt/apache/beam/boot")
    return next(filter(None, map(shutil.which, filter(None, paths))), None)


def main() -> NoReturn:
    """Replaces this process by Beam's boot program.

    This is the console script; Beam gives it the arguments of a worker.
    """
    boot = find_boot()
    if boot is None:
        sys.exit(
            "shardmill-worker: Beam's boot program wasn't found; set SHARDMILL_BOOT to its path, or put it as `beam-boot` beside "
            f"{sys.executable!r} or on the PATH; docs/clusters.md says how to get it"
        )
    # Staged files are not shared with other workers. The process keeps its number when it becomes
    # boot.
    remove_left()
    folder = new_folder("worker")
    environment = {
        **os.environ,
        # Boot starts the first `python` on the PATH, and by default makes a virtual environment for
        # each worker.
        "PATH": os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath))),
        "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT": "1",
        # Engines kill workers: temporary files that these leave are removed with the folder.
        "TMPDIR": folder,
    }
    # Boot leaves a file in its current folder.
    os.chdir(folder)
    # Prism 2.77 quotes the worker's id as for a shell, but no shell is involved.
    arguments = [argument.replace("'", "") for argument in sys.argv[1:]]
    os.execve(boot, [boot, *arguments, f"--semi_persist_dir={folder}"], environment)  # noqa: S606  (no shell is the point)
