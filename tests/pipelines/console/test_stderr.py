"""Standard error of one thread."""

import io
import threading

from shardmill.pipelines.console.stderr import OneThread


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
