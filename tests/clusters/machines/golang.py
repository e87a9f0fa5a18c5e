"""The programs of Beam that are written in Go, built from its module into `.clusters/bin`."""

import fcntl
import tempfile
from pathlib import Path

from apache_beam.version import __version__ as beam_version

from tests.clusters.machines import processes
from tests.support.locations import ROOT

_BIN = ROOT / ".clusters" / "bin"
_MODULE = "github.com/apache/beam/sdks/v2"


def boot() -> str:
    """What starts a Python worker: the entry point of Beam's image."""
    return install(f"{_MODULE}/python/container", f"v{beam_version}", "beam-boot")


def prism() -> str:
    """Beam's small engine."""
    return install(f"{_MODULE}/go/cmd/prism", f"v{beam_version}", "prism")


def install(module: str, version: str, name: str) -> str:
    """Builds a Go program once, also when several processes ask for it at the same time.

    Args:
        module: The package of the program.
        version: Its module's version.
        name: What the program is called here.

    Returns:
        Its path.
    """
    _BIN.mkdir(parents=True, exist_ok=True)
    program = _BIN / name
    with (_BIN / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is(program, module, version):
            _build(f"{module}@{version}", program)
    return str(program)


def _is(program: Path, module: str, version: str) -> bool:
    """Whether the program is there in this version: Go writes into it what it was built of."""
    if not program.exists():
        return False
    lines = [line.split() for line in processes.run(["go", "version", "-m", str(program)]).splitlines()]
    return ["path", module] in lines and any(line[0] == "mod" and line[2] == version for line in lines)


def _build(package: str, program: Path) -> None:
    with tempfile.TemporaryDirectory(dir=_BIN) as folder:
        # Without C, so that no compiler is needed.
        processes.run(["go", "install", package], {"GOBIN": folder, "CGO_ENABLED": "0"})
        (only,) = Path(folder).iterdir()
        only.replace(program)
