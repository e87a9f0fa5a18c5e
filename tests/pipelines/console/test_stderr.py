"""Standard error of one thread, and without secrets."""

import io
import logging
import subprocess
import sys
import threading
import traceback

import pytest

from shardmill.pipelines.console.stderr import OneThread, WithoutSecrets, lasting


def test_only_the_thread_that_makes_it_is_heard() -> None:
    """What others write is dropped, and nobody is told; all else is the stream's own."""
    stream = io.StringIO("")
    one = OneThread(stream)
    thread = threading.Thread(target=lambda: print("a traceback", file=one))
    thread.start()
    thread.join()
    print("an error", file=one)
    assert stream.getvalue() == "an error\n"
    assert one.isatty() is False
    one.close()
    assert stream.closed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no proxy 'http://me:SES@ME@host:80/a'", "no proxy 'http://...@host:80/a'"),
        ("http://me:SES/ME@host:80/a", "http://...@host:80/a"),
        (
            "PUT https://h/up?uploadType=resumable&upload_id=SESAME",
            "PUT https://h/up?uploadType=resumable&upload_id=...",
        ),
        ("/a?X-Amz-Signature=SESAME&X-Amz-Date=1", "/a?X-Amz-Signature=...&X-Amz-Date=1"),
        ("s3://bucket/a@b http://h:80/c@d http://h/c@d", "s3://bucket/a@b http://h:80/c@d http://h/c@d"),
    ],
)
def test_no_password_and_no_key_of_a_url_is_shown(text: str, shown: str) -> None:
    """Neither in a traceback nor in a line of a log; all else stays as it is, a path with an @ too."""
    stream = io.StringIO("")
    handler = logging.StreamHandler(WithoutSecrets(stream))
    handler.emit(logging.makeLogRecord({"msg": text}))
    assert stream.getvalue() == f"{shown}\n"
    traceback.print_exception(OSError(text), file=WithoutSecrets(stream))
    assert f"OSError: {shown}\n" in stream.getvalue()
    assert "SES" not in stream.getvalue()


def test_a_message_reaches_the_terminal_while_it_is_redirected() -> None:
    """What is written to a lasting stream isn't held or lost by what the file descriptor is redirected to."""
    code = (
        "import os, sys\n"
        "from shardmill.pipelines.console.stderr import lasting\n"
        "from shardmill.transforms.runtime.c_library import without_notes\n"
        "stream = lasting(sys.stderr)\n"
        "with without_notes():\n"
        "    print('told', file=stream)\n"
        "    print('held', file=sys.stderr)\n"
        "    os._exit(3)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "told\n")


def test_a_stream_without_a_descriptor_lasts_by_itself() -> None:
    """A stream in memory is taken as it is."""
    stream = io.StringIO()
    assert lasting(stream) is stream
