"""`shardmill doctor`: what is found, and what is missing."""

import io
from importlib import metadata

import pytest
from rich.console import Console

from shardmill.pipelines.doctor import machine
from shardmill.schemas.errors import KernelError
from tests.support.permissions import bound, open_folder


def report() -> tuple[bool, str]:
    """The report's verdict and text."""
    out = io.StringIO()
    return machine.print_report(Console(file=out, width=200)), out.getvalue()


def test_a_whole_installation_is_found_whole() -> None:
    """Where everything is installed, versions and implementations are named and the verdict is good."""
    ok, text = report()
    assert ok
    assert metadata.version("apache-beam") in text
    assert metadata.version("tensorflow") in text
    assert "it can be loaded" in text
    assert "ISA-L through isal" in text
    assert "graph runtime" in text
    assert "FnApiRunner" in text
    assert "All that a run needs is here." in text


def test_a_current_folder_that_cannot_be_read_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whom the current folder is closed to is told that, beside all else."""
    with open_folder() as folder:
        monkeypatch.chdir(folder)
        folder.chmod(0)
        with bound():
            space = machine._free_space()
        folder.chmod(0o755)
    assert space == "unknown: Permission denied"


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A needed package that isn't installed is called missing, and the verdict is bad."""
    version = metadata.version

    def without_isal(name: str) -> str:
        if name == "isal":
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_isal)
    ok, text = report()
    assert not ok
    assert "missing" in next(line for line in text.splitlines() if "isal" in line)
    assert "Something that a run needs is missing" in text


def test_an_optional_package_may_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdict doesn't depend on cloud extras and TF Transform."""
    version = metadata.version

    def without_optional(name: str) -> str:
        if name in machine._OPTIONAL:
            raise metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(metadata, "version", without_optional)
    assert report()[0]


def test_a_kernel_that_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What says how to get one is in the report, and the verdict isn't good."""

    def missing() -> None:
        raise KernelError("'kernel.so': expected the compiled kernel")

    monkeypatch.setattr(machine, "kernel", missing)
    ok, text = report()
    assert not ok
    assert "'kernel.so': expected the compiled kernel" in text
