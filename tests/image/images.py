"""Images as folders laid over each other, and programs that run in them: overlayfs and chroot, for want of a container engine."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Where a running image sees what pip needs of the machine.
_HOST = "/mnt"
# Long enough for TensorFlow's download; a worker that never answers would hold the checks for ever.
_SECONDS = 900
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True)
class Layer:
    """What one step has changed.

    Attributes:
        folder: Files and folders that are new or changed; overlayfs's own marks for those that are gone.
        step: The instruction.
    """

    folder: Path
    step: str


@dataclass(frozen=True)
class Image:
    """What a stage begins with, or ends with.

    Attributes:
        layers: The lowest first.
        environ: Variables of its programs.
        user: Who runs them: a number.
        folder: Where they run.
        entrypoint: The program that a container begins with.
        labels: What it says of itself.
    """

    layers: tuple[Layer, ...]
    environ: Mapping[str, str] = field(default_factory=lambda: {"PATH": _PATH})
    user: str = "0"
    folder: str = "/"
    entrypoint: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Root:
    """A mounted image.

    Attributes:
        image: The image.
        path: Where it is mounted.
    """

    image: Image
    path: Path

    def inside(self, path: str) -> Path:
        """The path of a file of the image, as this machine has it."""
        return self.path / path.lstrip("/")

    def command(self, *words: str) -> list[str]:
        """The command that runs a program in the image, with nothing of this process's environment but for how to reach a network."""
        home = "/root" if self.image.user == "0" else self._home()
        environ = {"HOME": home} | self.image.environ | _network()
        variables = [f"{name}={value}" for name, value in environ.items()]
        inside = ["sh", "-c", 'cd "$0" && exec "$@"', self.image.folder, *words]
        return [
            "chroot",
            f"--userspec={self.image.user}:{self.image.user}",
            str(self.path),
            "env",
            "-i",
            *variables,
            *inside,
        ]

    def run(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Runs a program in the image."""
        done = subprocess.run(self.command(*words), check=False, capture_output=True, text=True, timeout=_SECONDS)
        if check and done.returncode:
            raise RuntimeError(f"{' '.join(words)!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def _home(self) -> str:
        users = (line.split(":") for line in self.inside("/etc/passwd").read_text().splitlines())
        return next((user[5] for user in users if user[2] == self.image.user), "/")


@contextmanager
def mounted(image: Image, scratch: Path, writes: Path | None = None, shared: Sequence[Path] = ()) -> Iterator[Root]:
    """Mounts an image for as long as the context lasts.

    Args:
        image: The image.
        scratch: A folder for what overlayfs needs; not itself on overlayfs.
        writes: An empty folder for what is written; otherwise that is lost.
        shared: Folders that the image sees under the same path.
    """
    place = Path(tempfile.mkdtemp(dir=scratch))
    root, work = place / "root", place / "work"
    upper = writes or place / "upper"
    for folder in (root, work, upper):
        folder.mkdir(exist_ok=True)
    lower = ":".join(str(layer.folder) for layer in reversed(image.layers))
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, work)
        mounts = [("overlay", ["-t", "overlay", "-o", options], root), ("/dev", ["--rbind"], root / "dev")]
        mounts += [("proc", ["-t", "proc"], root / "proc"), (_host_files(place), ["--bind"], root / _HOST[1:])]
        mounts += [(str(folder), ["--bind"], root / str(folder).lstrip("/")) for folder in shared]
        for source, how, target in mounts:
            target.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", *how, source, str(target)], check=True)
            stack.callback(subprocess.run, ["umount", "--recursive", "--lazy", str(target)], check=True)
        yield Root(image, root)


def _host_files(place: Path) -> str:
    """A folder with this machine's settings for pip, and the certificates that it trusts."""
    folder = place / "host"
    folder.mkdir()
    for path in (Path("/etc/pip.conf"), Path("~/.config/pip/pip.conf").expanduser(), _CERTIFICATES):
        if path.exists():
            shutil.copy(path, folder / path.name)
    return str(folder)


def _network() -> dict[str, str]:
    """The variables by which pip reaches a registry here."""
    prefixes = ("PIP_INDEX", "PIP_EXTRA_INDEX", "PIP_TRUSTED", "PIP_DEFAULT_TIMEOUT")
    ends = ("_proxy", "_PROXY")
    passed = {name: value for name, value in os.environ.items() if name.startswith(prefixes) or name.endswith(ends)}
    certificates = {"PIP_CERT": f"{_HOST}/{_CERTIFICATES.name}"} if _CERTIFICATES.exists() else {}
    return passed | certificates | {"PIP_CONFIG_FILE": f"{_HOST}/pip.conf", "PIP_ROOT_USER_ACTION": "ignore"}
