"""The claim to publish: of the runs that end in one remote folder, one at a time.

A local folder takes its name in one step. In an object store a run is copied, file by file, and HDFS would move a second folder into the
first: so who publishes there makes a file beside the output first, which nobody else can make while it is there.
"""

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from shardmill.pipelines.run_folder.work_folders import is_work_folder
from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files
from shardmill.transforms.files.makers import is_gone

_END = ".publishing"
# The holder may let go just before it is looked at.
_ATTEMPTS = 3
_MOST_BYTES = 1 << 16
# Those that this process holds.
_held: set[str] = set()


@dataclass(frozen=True)
class Claim:
    """Who publishes.

    Attributes:
        work: The work folder that is published.
        host: The machine.
        pid: The process.
        since: When that began, in seconds since 1970.
    """

    work: str
    host: str
    pid: int
    since: float


@contextlib.contextmanager
def claimed(work: str, output: str) -> Iterator[None]:
    """While nobody else publishes to an output; another attempt at publishing the same work folder may.

    Args:
        work: The work folder.
        output: The output folder.

    Raises:
        OutputError: Another run is being published there, or one that was killed has left its claim.
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
    # What is published counts, even if this fails or is interrupted.
    with contextlib.suppress(KeyboardInterrupt):
        _let_go(path)


def _let_go(path: str) -> None:
    _held.discard(path)
    # A claim that stays names its file to whoever comes next.
    with contextlib.suppress(OSError):
        files.remove(path)


def _take(path: str, work: str, output: str) -> None:
    mine = Claim(work, socket.gethostname(), os.getpid(), time.time())
    for _ in range(_ATTEMPTS):
        if files.create_new(path, json.dumps(asdict(mine)).encode()):
            return
        claim = _read(path)
        # The answer to the first try may have been lost.
        if claim is not None and claim.work == work:
            return
    raise _refusal(output, path, claim)


def check_unclaimed(output: str) -> None:
    """Looks whether another run is being published to an output; a claim that was left on this machine doesn't count.

    Args:
        output: The output folder.

    Raises:
        OutputError: One is, or was when it was killed.
        OSError: It can't be known.
    """
    path = f"{output}{_END}"
    if not files.is_local(output) and files.size(path) is not None and left_claim(output) is None:
        raise _refusal(output, path, _read(path))


def left_claim(output: str) -> Claim | None:
    """The claim of a run on this machine that was killed while it was being published; None: there is none.

    Args:
        output: The output folder.
    """
    path = f"{output}{_END}"
    claim = None if files.is_local(output) or path in _held else _read(path)
    if claim is None or claim.host != socket.gethostname() or not is_gone(claim.pid, claim.since):
        return None
    return claim if is_work_folder(claim.work, output) else None


def drop_claim(output: str) -> None:
    """Removes a claim that was left.

    Args:
        output: The output folder.
    """
    files.remove(f"{output}{_END}")


def _read(path: str) -> Claim | None:
    """A claim; None where there is none, or something else: anybody may have written it."""
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
        f"another run is being published to {output!r}{who}. Wait for it, or choose another output; if that run was killed, remove "
        f"{path!r} and what it left at the output"
    )


def _time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))
