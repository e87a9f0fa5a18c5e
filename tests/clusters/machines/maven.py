"""Java libraries from Maven: fetched once for each pom, and packed into one jar."""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.clusters.machines import processes

_MVN = ["mvn", "-q", "-B", "-ntp"]


def shade(pom: Path, folder: Path) -> Path:
    """The one jar that a pom's shade plugin makes.

    Args:
        pom: The pom; its build directory is the property `out`.
        folder: Where the jar goes; what stands there from the same pom is kept.
    """
    once(
        folder,
        pom.read_text(),
        lambda made: processes.run([*_MVN, "-f", str(pom), f"-Dout={made.resolve()}", "package"]),
    )
    (jar,) = (path for path in folder.glob("*.jar") if not path.name.startswith("original-"))
    return jar


def once(folder: Path, recipe: str, make: Callable[[Path], object]) -> Path:
    """Makes a folder unless one of the same recipe is there, also when several processes ask for it at once; one that stands is whole.

    Args:
        folder: The folder.
        recipe: What its content depends on.
        make: Fills an empty folder, which then takes the name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / ".made-of"
        wanted = hashlib.sha256(recipe.encode()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            _make(folder, make, wanted)
    return folder


def _make(folder: Path, make: Callable[[Path], object], stamp: str) -> None:
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        make(made)
        (made / ".made-of").write_text(stamp)
        shutil.rmtree(folder, ignore_errors=True)
        os.rename(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
