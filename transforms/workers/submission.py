"""Whether a worker is as the job that was submitted."""

import os
import platform
import socket
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

import apache_beam as beam

from shardmill.schemas.errors import EngineError, OutputError
from shardmill.transforms.files import files

_PYTHON = "python"
# Packages whose versions must match: they decide any job's output bytes or the pickle format.
_PACKAGES = ("apache-beam", "shardmill", "tensorflow", "pyarrow", "isal")


@dataclass(frozen=True)
class Submission:
    """The requirements of a job on its workers.

    Attributes:
        folder: A folder to write into, which the submitting machine has made.
        versions: The versions of Python (major and minor) and of packages on the submitting
            machine. None means not installed as a package.
    """

    folder: str
    versions: Mapping[str, str | None]

    @classmethod
    def of_this_machine(cls, folder: str, packages: Sequence[str] = ()) -> "Submission":
        """The requirements of a job that this machine submits.

        Args:
            folder: As for the class.
            packages: Packages that this job needs besides those that every job needs.
        """
        return cls(folder, installed((*_PACKAGES, *packages)))

    def check_this_machine(self) -> None:
        """Checks that the machine that calls meets the requirements.

        Raises:
            EngineError: It has other versions.
            OutputError: It doesn't see the folder, or can't write there.
        """
        check_versions(self.versions)
        self._check_folder()

    def _check_folder(self) -> None:
        if files.is_local(self.folder) and not os.path.isdir(self.folder):
            raise OutputError(
                f"the worker on {socket.gethostname()!r} doesn't see {self.folder!r}, which the submitting machine has made for the "
                "output; choose an --output that all machines share: a mounted folder, gs://, s3:// or hdfs://"
            )
        with files.writing(self.folder):
            files.try_writing(self.folder)


class CheckedDoFn(beam.DoFn):  # type: ignore[misc]
    """A DoFn that checks the versions of its worker.

    The job's output bytes depend on them. The first stage asks one worker only, and another machine
    may have other versions.
    """

    def __init__(self) -> None:
        """Notes the versions of the submitting machine."""
        super().__init__()
        self._versions = installed()

    def setup(self) -> None:
        """Compares the versions with those of the worker.

        It is the worker that is to run the DoFn.

        Raises:
            EngineError: They differ.
        """
        check_versions(self._versions)


def check_versions(wanted: Mapping[str, str | None]) -> None:
    """Compares versions with those of the machine that calls.

    Args:
        wanted: As `installed` gives them on another machine.

    Raises:
        EngineError: This one has others.
    """
    found = installed(name for name in wanted if name != _PYTHON)
    other = [
        f"{name} {found.get(name) or 'is missing'} (the job: {version or 'none'})"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
    if other:
        raise EngineError(
            f"the worker on {socket.gethostname()!r} isn't as the job that was submitted: {', '.join(other)}; install the same "
            "versions there, or name a worker image that has them with --sdk_container_image"
        )


def installed(packages: Iterable[str] = _PACKAGES) -> dict[str, str | None]:
    """This machine's versions of Python and of packages."""
    return {_PYTHON: ".".join(platform.python_version_tuple()[:2]), **{name: _version(name) for name in packages}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
