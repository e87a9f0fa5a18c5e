"""`shardmill doctor`: checks this machine for all that runs need.

TensorFlow isn't imported.
"""

import importlib
import importlib.util
import os
import platform
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from shardmill.pipelines.engines.processes import cores
from shardmill.schemas.errors import KernelError
from shardmill.schemas.installing import install_command
from shardmill.transforms.kernel.library import kernel

# Distributions that every run needs.
_NEEDED = (
    "apache-beam",
    "tensorflow",
    "tensorflow-metadata",
    "pyarrow",
    "numpy",
    "protobuf",
    "isal",
)
_OPTIONAL = {
    "tensorflow-transform": "preprocessing_fn",
    "google-cloud-storage": "gs:// and Dataflow",
    "boto3": "s3://",
    "hdfs": "hdfs://",
}
_GIB = 1 << 30


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        name: The thing that was looked for.
        value: The result.
        ok: False means that something which a run needs is missing.
    """

    name: str
    value: str
    ok: bool = True


def print_report(console: Console | None = None, way: Iterable[Finding] = ()) -> bool:
    """Prints the report.

    Args:
        console: The console to print on; standard output by default.
        way: Findings about the connection to an engine.

    Returns:
        Whether nothing that a run needs is missing.
    """
    out = console or Console(highlight=False)
    way = list(way)
    findings = [*examine(), *way]
    table = Table(
        "", "what", Column("found", overflow="fold"), title="shardmill doctor", title_justify="left", title_style="bold"
    )
    for finding in findings:
        table.add_row(
            Text("ok", style="green") if finding.ok else Text("missing", style="bold red"),
            finding.name,
            Text(finding.value),
        )
    out.print(table)
    missing = [finding for finding in findings if not finding.ok]
    if not missing:
        out.print("All that a run needs is here.")
    elif missing[0] in way:
        out.print(Text(f"Not ready: {missing[0].name}: {missing[0].value}"))
    else:
        out.print(Text(f"Something that a run needs is missing; `{install_command()}` brings it."))
    return not missing


def examine() -> Iterator[Finding]:
    """Checks one thing after the other."""
    yield Finding("shardmill", _version("shardmill") or "not installed: run from its sources")
    yield Finding("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in _NEEDED:
        version = _version(name)
        yield Finding(name, version or "not installed", ok=version is not None)
    for name, purpose in _OPTIONAL.items():
        yield Finding(f"{name} (optional: {purpose})", _version(name) or "not installed")
    yield _kernel()
    yield _deflate()
    yield _tensorflow_library()
    yield from _engines()
    yield Finding("cores", str(cores()))
    yield Finding("memory", f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / _GIB:.1f} GiB")
    yield Finding("free space in the current folder", _free_space())


def _free_space() -> str:
    try:
        return f"{shutil.disk_usage('.').free / _GIB:.1f} GiB"
    except OSError as error:
        return f"unknown: {error.strerror}"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _kernel() -> Finding:
    try:
        kernel()
    except KernelError as error:
        return Finding("compiled kernel", str(error), ok=False)
    return Finding("compiled kernel", "it can be loaded")


def _deflate() -> Finding:
    if importlib.util.find_spec("isal") is None:
        return Finding("DEFLATE", "isal isn't installed", ok=False)
    return Finding("DEFLATE", f"ISA-L through isal {_version('isal')}")


def _tensorflow_library() -> Finding:
    for needed in ("tensorflow", "pyarrow", "numpy"):
        if importlib.util.find_spec(needed) is None:
            return Finding("graph runtime", f"{needed} isn't installed", ok=False)
    path = importlib.import_module("shardmill.transforms.runtime.c_library").library_path()
    if path:
        return Finding("graph runtime", f"TensorFlow's C library, {path}")
    return Finding(
        "graph runtime", "TensorFlow's Python API, slower and with the same bytes: its C library wasn't found"
    )


def _engines() -> Iterator[Finding]:
    yield Finding("local engine", "Beam's FnApiRunner, threads of one process (the default)")
    prism = shutil.which("prism")
    yield Finding("Prism (optional)", prism or "not on the PATH")
    java = shutil.which("java")
    yield Finding("Java, for a Flink or Spark job server (optional)", java or "not on the PATH")
    dataflow = importlib.util.find_spec("apitools") is not None
    yield Finding("Dataflow client (optional)", "installed" if dataflow else "not installed: the extra `gcp` brings it")
