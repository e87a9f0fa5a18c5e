"""The claim file of a run that is being published.

Local folders are published by one atomic rename. An object store copies file by file, and HDFS
would move a second run's folder into the first, so a run first creates a claim file beside the
output; only one run can create it.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from shardmill.pipelines.run_folder.left_folders import is_work_folder
from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.files.makers import is_gone, machine

_END = ".publishing"
# The file may disappear between the attempt to create it and its reading.
_ATTEMPTS = 3
_MOST_BYTES = 1 << 16
# Claim files that this process holds now.
_held: set[str] = set()


@dataclass(frozen=True)
class Claim:
    """The content of a claim file.

    Attributes:
        work: The work folder that is published.
        host: The machine that publishes.
        pid: The process that publishes.
        since: When publishing began, in seconds since 1970.
    """

    work: str
    host: str
    pid: int
    since: float


@contextlib.contextmanager
def claimed(work: str, output: str) -> Iterator[None]:
    """Holds a remote output's claim file; local ones have none.

    Other attempts to publish the same work folder, as of retried work on an engine, share the
    claim.

    Args:
        work: The work folder.
        output: The output folder.

    Raises:
        OutputError: Another run is being published there, or was when it was killed.
        OSError: The claim can't be made.
    """
    if files.is_local(output):
        yield
        return
    path = f"{output}{_END}"
    _take(path, work, output)
    _held.add(path)
    try:
        yield
    except BaseException:
        _let_go(path)
        raise
    # The run is published even if the removal is interrupted.
    with contextlib.suppress(KeyboardInterrupt):
        _let_go(path)


def _let_go(path: str) -> None:
    _held.discard(path)
    # If it can't be removed, the next run's message says how to go on.
    with contextlib.suppress(OSError):
        files.remove(path)


def _take(path: str, work: str, output: str) -> None:
    mine = Claim(work, machine(), os.getpid(), time.time())
    for _ in range(_ATTEMPTS):
        if files.create_new(path, json.dumps(asdict(mine)).encode()):
            return
        claim = _read(path)
        # A retried request may find the file of its own first try.
        if claim is not None and claim.work == work:
            return
    raise _refusal(output, path, claim)


def check_unclaimed(output: str) -> None:
    """Checks that no other run is publishing to an output.

    Claims of killed runs of this machine are ignored.

    Args:
        output: The output folder.

    Raises:
        OutputError: Another run is being published, or was when it was killed.
        OSError: It can't be known.
    """
    path = f"{output}{_END}"
    if not files.is_local(output) and files.size(path) is not None and left_claim(output) is None:
        raise _refusal(output, path, _read(path))


def left_claim(output: str) -> Claim | None:
    """Returns a killed run's claim of this machine, if any.

    Args:
        output: The output folder.
    """
    path = f"{output}{_END}"
    claim = None if files.is_local(output) or path in _held else _read(path)
    if claim is None or claim.host != machine() or not is_gone(claim.pid, claim.since):
        return None
    return claim if is_work_folder(claim.work, output) else None


def drop_claim(output: str) -> None:
    """Removes an output's claim file.

    Args:
        output: The output folder.
    """
    files.remove(f"{output}{_END}")


def _read(path: str) -> Claim | None:
    """Reads a claim file, None if missing or malformed."""
    try:
        with files.open_at(path) as stream:
            facts = json.loads(stream.read(_MOST_BYTES))
        claim = Claim(str(facts["work"]), str(facts["host"]), int(facts["pid"]), float(facts["since"]))
        _time(claim.since)
    except (FileNotFoundError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
    return claim


def _refusal(output: str, path: str, claim: Claim | None) -> OutputError:
    who = (
        ""
        if claim is None
        else f": process {claim.pid} on {claim.host}, since {_time(claim.since)}, from {claim.work!r}"
    )
    return OutputError(
        f"another run is being published to {output!r}{who}; wait for it, or choose another output; if that run was killed, remove "
        f"{path!r} and what it left at the output"
    )


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
