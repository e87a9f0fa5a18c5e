"""Stand-ins for the images that ours are built from: no registry of images is needed, nor an engine that knows their format.

Debian 12 with its own Python 3.11, laid out as in the `python` images: all in /usr/local.
"""

import shutil
import subprocess
from pathlib import Path

from tests.clusters.machines import golang
from tests.image.dockerfile import Dockerfile
from tests.image.images import Image, Layer, mounted


def stand_ins(dockerfile: Dockerfile, scratch: Path) -> dict[str, Image]:
    """An image for each that the Dockerfile's stages name and don't make."""
    names = {stage.name for stage in dockerfile.stages}
    outside = {stage.base for stage in dockerfile.stages if stage.base not in names}
    python = _python(scratch)
    beam, launcher = (
        _with_program(python, scratch, "/opt/apache/beam/boot", Path(golang.boot()).read_bytes()),
        _launcher(scratch),
    )
    kinds = {"apache/beam_python": beam, "python:": python, "gcr.io/dataflow-templates-base/": launcher}
    return {name: next(image for start, image in kinds.items() if name.startswith(start)) for name in outside}


def _python(scratch: Path) -> Image:
    debian = scratch / "debian"
    quick = [
        "--dpkgopt=force-unsafe-io",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
    ]
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", "--include=python3.11-venv", *quick, "bookworm", str(debian)],
        check=True,
    )
    image = Image((Layer(debian, "Debian 12 with Python 3.11"),))
    changes = scratch / "python"
    changes.mkdir()
    with mounted(image, scratch, changes) as root:
        root.run("python3.11", "-m", "venv", "/usr/local")
        # An engine gives each container its own.
        shutil.copy("/etc/hosts", root.inside("/etc/hosts"))
    return Image((*image.layers, Layer(changes, "python -m venv /usr/local")))


def _with_program(image: Image, scratch: Path, path: str, content: bytes) -> Image:
    folder = scratch / Path(path).name
    program = folder / path.lstrip("/")
    program.parent.mkdir(parents=True)
    program.write_bytes(content)
    program.chmod(0o755)
    return Image((*image.layers, Layer(folder, path)))


def _launcher(scratch: Path) -> Image:
    """Google's program isn't to be had without its registry; what it does in the end is to run the file that is named to it."""
    script = b'#!/bin/sh\nexec python "$FLEX_TEMPLATE_PYTHON_PY_FILE" "$@"\n'
    return _with_program(Image(()), scratch, "/opt/google/dataflow/python_template_launcher", script)
