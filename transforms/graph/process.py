"""Traces the transform graph in a process of its own.

TensorFlow's import, which takes seconds, then overlaps the analysis.

Requests and replies are pickles, each preceded by its length, over the process's stdin and stdout.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import os
import pickle
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from shardmill.schemas.errors import ShardmillError
from shardmill.transforms.workers.left_out import left_out
from shardmill.transforms.workers.search_path import start_code

if TYPE_CHECKING:
    # These aren't imported at run time, so that the process starts as early as possible: that
    # shortens a small run.
    from collections.abc import Mapping, Sequence

    from typing_extensions import Self

    from shardmill.schemas.schema import Schema
    from shardmill.transforms.functions.user_function import UserFunction
    from shardmill.transforms.graph.derived_column import DeclaredGraph, DerivedColumn
    from shardmill.transforms.kinds.base import Kind
    from shardmill.transforms.statistics.requests import Made

# Features traced before the analysis, as a check: enough to load TensorFlow's parts, few enough not
# to delay the analysis.
_SAMPLE = 64
# The length in bytes that precedes a pickle.
_LENGTH = struct.Struct("<Q")
# Characters kept of the process's standard error, or of a traceback.
_TAIL = 2000
# Seconds for the process to end by itself before it is killed.
_GRACE_SECONDS = 2.0
# Lines that TensorFlow writes at every start, before its level of logging is set.
_NOISE = re.compile(r"[IW]\d{4} |WARNING: All log messages before absl")
_ENVIRONMENT = {
    # Errors only; no GPU: a graph is traced, not run.
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "GRPC_VERBOSITY": "ERROR",
}


class Tracer:
    """The tracing process, as the job's process sees it.

    Several threads may use it, one request at a time.
    """

    def __init__(self) -> None:
        """Makes a tracer whose process isn't started."""
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None
        # Waits for a process that was told to end.
        self._ending: threading.Thread | None = None
        self._lock = threading.RLock()
        self._checking = False
        self._holders = 0

    def __enter__(self) -> Self:
        """Starts the process, or shares it with enclosing `with` blocks.

        The outermost block ends it.
        """
        self.start()
        self._holders += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._holders -= 1
        if not self._holders:
            self.close()

    def start(self) -> None:
        """Starts the process unless it runs.

        It doesn't wait for the process's imports.
        """
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self.close()
            self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (`close` closes it)
            self._process = subprocess.Popen(
                [sys.executable, "-c", start_code("shardmill.transforms.graph.process", "serve")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **_ENVIRONMENT},
            )
            atexit.register(self.close)

    def start_check(self, kinds: Sequence[Kind], schema: Schema, derive: str | None = None) -> None:
        """Traces a sample of the features with made-up statistics.

        It doesn't wait: `build_graph` raises the check's error.

        Args:
            kinds: The features.
            schema: The raw columns, and the derived ones.
            derive: The folder of the SavedModel that makes the derived columns. None means that
                there are none.
        """
        with self._lock:
            self.start()
            self._drain()
            self._send("check", (_sample(kinds), schema, derive))
            self._checking = True

    def build_graph(self, source: DeclaredGraph, folder: str) -> dict[str, Any]:
        """Writes the transform graph: see `transforms.graph.build.build_graph`.

        Args:
            source: The graph's source.
            folder: A local folder.

        Raises:
            ShardmillError: The process raised it, and it has the same class; or the process died,
                and the message has its standard error.
        """
        result: dict[str, Any] = self._ask("build", source, folder)
        return result

    def trace_derive(self, function: UserFunction, schema: Schema, folder: str) -> tuple[DerivedColumn, ...]:
        """Writes a `derive` function's SavedModel.

        See `transforms.graph.derive.trace_derive`.

        Args:
            function: The function.
            schema: The raw columns.
            folder: A local folder that doesn't exist yet.

        Raises:
            ShardmillError: See `build_graph`.
        """
        columns: tuple[DerivedColumn, ...] = self._ask("derive", function, schema, folder)
        return columns

    def trace_made(self, made: Sequence[Made], schema: Schema, folder: str) -> None:
        """Writes the SavedModel that makes values for the analysis.

        See `transforms.graph.made_values.trace_made`.

        Args:
            made: The values.
            schema: The raw columns, and the derived ones.
            folder: A local folder that doesn't exist yet.

        Raises:
            ShardmillError: See `build_graph`.
        """
        self._ask("made", made, schema, folder)

    def _ask(self, request: str, *arguments: object) -> Any:
        with self._lock:
            self.start()
            self._drain()
            self._send(request, arguments)
            return self._receive()

    def release(self) -> None:
        """Ends the process unless an enclosing `with` block holds it.

        It takes some 600 MB. The caller's own `with` block doesn't count.

        It isn't waited for, which takes 0.07 s: `close` does, and Python before it exits.
        """
        if self._holders <= 1:
            with self._lock:
                process = self._terminate()
                if process is not None:
                    self._ending = threading.Thread(target=_await_end, args=(process,), name="end-tracer")
                    self._ending.start()

    def close(self) -> None:
        """Ends the process and awaits its end."""
        with self._lock:
            process = self._terminate()
            if process is not None:
                _await_end(process)
            if self._ending is not None:
                self._ending.join()
                self._ending = None

    def _terminate(self) -> subprocess.Popen[bytes] | None:
        """Tells the process to end, and returns it."""
        atexit.unregister(self.close)
        process, self._process, self._checking = self._process, None, False
        if process is not None:
            _terminate(process)
        if self._errors is not None:
            self._errors.close()
            self._errors = None
        return process

    def interrupt(self) -> None:
        """Kills the process while another thread waits for its reply.

        The waiting thread gets an error.
        """
        process = self._process
        if process is not None:
            process.kill()
            process.wait()

    def _drain(self) -> None:
        """Receives the reply to a check."""
        if self._checking:
            self._checking = False
            self._receive()

    def _send(self, request: str, arguments: tuple[Any, ...]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            _write(self._process.stdin, (request, arguments))
        except BrokenPipeError as error:
            raise self._died() from error

    def _receive(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        reply = _read(self._process.stdout)
        if reply is None:
            raise self._died()
        status, value = reply
        if status == "error":
            raise value
        if status == "failed":
            raise ShardmillError(
                f"tracing the transform graph failed; this is a defect of shardmill, or a failure that it doesn't know:\n{value}"
            )
        return value

    def _died(self) -> ShardmillError:
        assert self._process is not None
        assert self._errors is not None
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").strip()
        tail = "\n".join(line for line in said.splitlines() if not _NOISE.match(line))[-_TAIL:]
        self.close()
        hint = " (killed, perhaps out of memory)" if status == -signal.SIGKILL else ""
        return ShardmillError(
            f"the process that traces the transform graph ended with status {status}{hint}; it said:\n{tail or 'nothing'}"
        )


@functools.cache
def shared() -> Tracer:
    """The tracer that this process shares."""
    return Tracer()


def serve() -> None:
    """Answers requests, in the tracing process.

    It ends when its stdin ends, which happens when the job's process ends.
    """
    # Ctrl-C reaches all processes of the terminal; this one ends when the job's process does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A graph is a million objects that live as long as it is traced: searching them for garbage
    # takes a quarter of the time.
    gc.disable()
    # Libraries' output mustn't get between the replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Importing TensorFlow takes seconds; only this process does it. Keras would come with it, and
    # with Keras scikit-learn and matplotlib where they are installed: as long again; the others are
    # for parts of it that trace nothing. A user's function that names one of them loads it then.
    with left_out("keras.src", "tf_keras.src", "scipy", "googleapiclient"):
        from shardmill.transforms.graph import build as builder

    while (request := _read(requests)) is not None:
        with contextlib.suppress(BrokenPipeError):
            _write(replies, _answer(builder, *request))


def _answer(builder: Any, request: str, arguments: tuple[Any, ...]) -> tuple[str, Any]:
    try:
        if request == "build":
            return "ok", builder.build_graph(*arguments)
        if request == "derive":
            from shardmill.transforms.graph import derive as deriver

            return "ok", deriver.trace_derive(*arguments)
        if request == "made":
            from shardmill.transforms.graph import made_values

            made_values.trace_made(*arguments)
            return "ok", None
        _check(builder, *arguments)
    except ShardmillError as error:
        return "error", error
    except BaseException:  # noqa: BLE001 (whatever it is, the job's process reports it)
        return "failed", traceback.format_exc()[-_TAIL:]
    return "ok", None


def _check(builder: Any, kinds: tuple[Kind, ...], schema: Schema, derive: str | None) -> None:
    from shardmill.transforms.features.placeholder import dummy_statistics
    from shardmill.transforms.graph.derived_column import DeclaredGraph

    with tempfile.TemporaryDirectory(prefix="shardmill-check-") as folder:
        token = Path(folder, "token")
        token.write_text("a\n")
        counts = Path(folder, "counts")
        counts.write_bytes((1).to_bytes(8, "little"))
        target = Path(folder, "graph")
        target.mkdir()
        statistics = dummy_statistics(kinds, schema, str(token), str(counts))
        builder.build_graph(DeclaredGraph(kinds, schema, statistics, derive), str(target))


def _sample(kinds: Sequence[Kind]) -> tuple[Kind, ...]:
    """A sample of features, some of each class.

    It is the first feature of each class, and then the first ones of all.
    """
    first: Mapping[type[Kind], Kind] = {type(kind): kind for kind in reversed(kinds)}
    chosen = {kind.name: kind for kind in (*first.values(), *kinds[:_SAMPLE])}
    return tuple(chosen.values())


def _terminate(process: subprocess.Popen[bytes]) -> None:
    # During TensorFlow's import the process can't notice that its stdin ended. Terminating it loses
    # nothing.
    process.terminate()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _await_end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _write(stream: IO[bytes], message: object) -> None:
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def _read(stream: IO[bytes]) -> Any:
    """Reads a message; None means the end of the stream."""
    header = stream.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    data = stream.read(_LENGTH.unpack(header)[0])
    return pickle.loads(data)  # from our own process
