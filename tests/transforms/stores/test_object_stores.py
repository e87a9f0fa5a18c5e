"""Files of object stores, against servers of their protocols: listed, read in ranges, written, copied, removed; with faults, too."""

import gzip
import json
import os
import re
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.engines.check_options import check_beam_args
from shardmill.pipelines.job import input_files
from shardmill.pipelines.run_folder import publish as publish_module
from shardmill.pipelines.run_folder import publish_stage
from shardmill.pipelines.run_folder.finished_run import FinishedRun
from shardmill.pipelines.run_folder.output_folder import check_output_folder
from shardmill.pipelines.run_folder.publish import publish
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import ConfigError, DataError, OutputError
from shardmill.transforms.files import copying, files
from shardmill.transforms.files.makers import machine
from shardmill.transforms.stores import s3_store
from shardmill.transforms.stores.clients import store_of
from shardmill.transforms.stores.interface import without_users
from shardmill.transforms.stores.uploads import Upload
from tests.support.locations import ROOT
from tests.support.needs import needs_google
from tests.support.runs import FINISHED
from tests.support.stores import gcs, s3
from tests.support.stores.reading import read_range

Server = gcs.Gcs | s3.S3
BIG = os.urandom(20 << 20)
# What answers hold an object's bytes.
_READS = r"^GET .*(/download/.*|/bucket/)big"
_WRITES = r"^(PUT|POST) .*(/upload/|/bucket/)"


@pytest.fixture(scope="module", params=[gcs, s3], ids=["gs", "s3"])
def running(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a large object."""
    if request.param is gcs:
        needs_google()
    with request.param.serve("bucket") as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        patch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(server.beam_args)))
        server.put("bucket", "big", BIG)
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    """A server without faults, that nobody has asked anything."""
    running.faults.clear()
    return running


def test_thousands_of_objects_are_listed_and_removed(server: Server) -> None:
    """A listing goes on after the store's page of 1,000, `**` crosses folders and `*` doesn't; and a folder is removed with all in it."""
    names = [f"many/{number % 3}/{number:04}.csv" for number in range(2100)]
    for name in (*names, "many/0/"):
        server.put("bucket", name, b"x")
    folder = f"{server.scheme}://bucket/many"
    server.faults.clear()
    found = input_files.list_files({None: (f"{folder}/**",)})
    assert [each.path for each in found] == sorted(f"{server.scheme}://bucket/{name}" for name in names)
    assert sum("prefix=many" in asked.target for asked in server.faults.asked) == 3
    assert len(input_files.list_files({None: (f"{folder}/[01]/*.csv",)})) == 1400
    assert files.exists(folder)
    files.remove(folder)
    assert not files.exists(folder)
    assert server.names("bucket") == ["big"]


def test_hidden_objects_are_taken_only_where_the_pattern_says_so(server: Server) -> None:
    """What macOS leaves beside a file is no data in a store either, nor is what is in a hidden folder."""
    for name in ("h/a.csv", "h/._a.csv", "h/.x/b.csv"):
        server.put("bucket", name, b"x")
    folder = f"{server.scheme}://bucket/h"
    for pattern, names in (("*.csv", ["a.csv"]), ("**", ["a.csv"]), ("._*", ["._a.csv"]), (".x/*", [".x/b.csv"])):
        found = input_files.list_files({None: (f"{folder}/{pattern}",)})
        assert [each.path for each in found] == [f"{folder}/{name}" for name in names]
    files.remove(folder)


def test_a_pattern_without_objects_is_an_error(server: Server) -> None:
    """What isn't there is said plainly, with or without a wildcard."""
    for name in ("none.csv", "none*.csv"):
        with pytest.raises(DataError, match=rf"no file matches '{server.scheme}://bucket/none"):
            input_files.list_files({None: (f"{server.scheme}://bucket/{name}",)})
    with pytest.raises(DataError, match=r"can't read '.*none': No such file or directory"):
        read_range(f"{server.scheme}://bucket/none", 0, 1)


def test_a_range_is_read_without_the_rest(server: Server) -> None:
    """Of a large object only what was asked for is fetched, and in one request."""
    path = f"{server.scheme}://bucket/big"
    assert read_range(path, 5 << 20, 9 << 20) == BIG[5 << 20 : 9 << 20]
    assert [asked.range for asked in server.faults.asked if asked.range] == [f"bytes={5 << 20}-{(9 << 20) - 1}"]
    assert read_range(path, len(BIG) - 3, len(BIG) + 9) == BIG[-3:]


def test_small_reads_become_few_requests(server: Server) -> None:
    """What is read piece by piece is fetched in ranges that grow, and little beyond the end of what was read."""
    with files.open_at(f"{server.scheme}://bucket/big", 1 << 20) as stream:
        pieces = [stream.read(4096) for _ in range(2048)]
        assert stream.tell() == 9 << 20
        assert stream.seek(-10, os.SEEK_END) == len(BIG) - 10
        assert stream.read() == BIG[-10:]
    assert b"".join(pieces) == BIG[1 << 20 : 9 << 20]
    ranges = [asked.range for asked in server.faults.asked if asked.range]
    assert len(ranges) < 12
    assert sum(_length(each) for each in ranges) < 14 << 20


def _length(header: str | None) -> int:
    start, _, stop = (header or "").removeprefix("bytes=").partition("-")
    return int(stop) - int(start) + 1


@pytest.mark.parametrize("size", [0, 1, 8 << 20, 20 << 20])
def test_what_is_written_is_read_back(server: Server, size: int) -> None:
    """An object of any size, in one request or in parts, is what was written; it has the size and the checksum."""
    path = f"{server.scheme}://bucket/written"
    with files.create(path) as stream:
        for start in range(0, size, 3 << 20):
            stream.write(BIG[start : min(start + (3 << 20), size)])
        assert stream.tell() == size
        assert files.size(path) is None
    assert server.content("bucket", "written") == BIG[:size]
    assert files.size(path) == copying.digest(path)[0] == size
    files.remove(path)


@pytest.mark.parametrize("size", [1, 20 << 20])
def test_a_failed_upload_leaves_what_was_there(server: Server, size: int) -> None:
    """When the block fails the old object stands, no part of the new one; nor is there when nobody closes it."""
    path = f"{server.scheme}://bucket/kept"
    server.put("bucket", "kept", b"old")

    def fail() -> None:
        with files.replacing(path, "unused") as stream:
            stream.write(BIG[:size])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    files.create(path).write(BIG[:size])
    assert server.content("bucket", "kept") == b"old"
    if isinstance(server, s3.S3):
        assert "Uploads" not in server.client.list_multipart_uploads(Bucket="bucket")
    files.remove(path)


def test_a_copy_of_nothing_names_the_source(server: Server) -> None:
    """Which of two paths a store means by "not found" is found out."""
    path = f"{server.scheme}://bucket/absent"
    with pytest.raises(DataError, match=f"can't read '{path}': No such file"):
        copying.copy(path, f"{server.scheme}://bucket/copy")


def test_what_stands_for_a_folder_is_not_copied(server: Server, tmp_path: Path) -> None:
    """Some tools make an object without bytes for each folder."""
    for name in ("run/", "run/deep/", "run/deep/a"):
        server.put("bucket", name, b"")
    copying.copy_folder(f"{server.scheme}://bucket/run", str(tmp_path / "copy"))
    assert [path for path in (tmp_path / "copy").rglob("*") if path.is_file()] == [tmp_path / "copy" / "deep" / "a"]
    files.remove(f"{server.scheme}://bucket/run")
    assert server.names("bucket") == ["big"]


def test_copies_stay_in_the_store(server: Server) -> None:
    """Within a store nothing is fetched or sent to copy a folder; from and to a local folder it is."""
    base = f"{server.scheme}://bucket"
    server.put("bucket", "a/b/c", b"x")
    server.put("bucket", "a/d", b"y")
    server.faults.clear()
    copying.copy_folder(f"{base}/a", f"{base}/copy/")
    assert server.names("bucket", "copy") == ["copy/b/c", "copy/d"]
    assert [asked for asked in server.faults.asked if asked.range] == []
    for folder in ("a", "copy"):
        files.remove(f"{base}/{folder}")


@pytest.mark.parametrize(
    ("match", "fault"),
    [
        (_READS, {"status": 503}),
        (_READS, {"cut": 70_000}),
        (_READS, {"cut": 0}),
        (_READS, {"seconds": 0.3}),
        (_WRITES, {"status": 503}),
        (_WRITES, {"cut": 0}),
    ],
    ids=["read 503", "read cut", "read dropped", "read slow", "write 503", "write dropped"],
)
def test_faults_that_pass_leave_no_trace(server: Server, match: str, fault: dict[str, float]) -> None:
    """What fails twice is tried again, where it stopped: the bytes are the same."""
    server.faults.plan(match, 2, **fault)
    base = f"{server.scheme}://bucket"
    with files.open_at(f"{base}/big") as stream, files.create(f"{base}/again") as target:
        while piece := stream.read(1 << 20):
            target.write(piece)
    assert len(server.faults.hit) == 2
    assert server.content("bucket", "again") == BIG
    files.remove(f"{base}/again")


def test_faults_in_between_pass(server: Server) -> None:
    """Listing, copying and removing are tried again, too."""
    base = f"{server.scheme}://bucket"
    server.put("bucket", "a/b", b"x")
    for method in ("GET", "HEAD", "(PUT|POST)", "(DELETE|POST)"):
        server.faults.plan(f"^{method} ", 1, status=503)
    copying.copy_folder(f"{base}/a", f"{base}/c")
    assert [files.exists(f"{base}/{name}") for name in ("a/b", "c", "none")] == [True, True, False]
    files.remove(f"{base}/a")
    files.remove(f"{base}/c")
    assert server.names("bucket") == ["big"]
    assert len(server.faults.hit) >= 3


def test_a_bucket_that_is_not_there_is_named(server: Server) -> None:
    """Neither is read from it, nor written to it, and the message says why."""
    base = f"{server.scheme}://nosuch"
    with pytest.raises(DataError, match=rf"can't list '{base}/a\*\.csv': .*The specified bucket does not exist"):
        input_files.list_files({None: (f"{base}/a*.csv",)})
    with pytest.raises(DataError, match=rf"can't list '{base}/a\.csv': .*The specified bucket does not exist"):
        input_files.list_files({None: (f"{base}/a.csv",)})
    with (
        pytest.raises(OutputError, match=rf"can't write '{base}/run': .*The specified bucket does not exist"),
        work_folder(f"{base}/run", overwrite=False),
    ):
        pass


def test_a_bucket_that_is_not_allowed_is_named(server: Server) -> None:
    """The store's refusal is told at once, for reading and for writing; also where only writing isn't allowed."""
    base = f"{server.scheme}://bucket"
    # Google's client asks for the bucket itself, too, whenever it likes.
    server.faults.plan("^GET .*bucket.*prefix=", 1, status=403)
    with pytest.raises(DataError, match=rf"can't list '{base}/a\.csv': .*403|AccessDenied"):
        input_files.list_files({None: (f"{base}/a.csv",)})
    server.faults.plan(_WRITES, 1, status=403)
    with (
        pytest.raises(OutputError, match=rf"can't write '{base}/run\.incomplete-[^']*': .*(403|AccessDenied)"),
        work_folder(f"{base}/run", overwrite=False),
    ):
        pass
    assert server.names("bucket") == ["big"]


def test_a_server_that_stays_down_is_an_error(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps failing ends in one message, of reading and of writing."""
    # Both clients would go on for a minute or two.
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    if running.scheme == "gs":
        from apache_beam.io.gcp import gcsio_retry

        hurried = gcsio_retry.DEFAULT_RETRY_WITH_THROTTLING_COUNTER.with_timeout(2)
        monkeypatch.setattr(gcsio_retry, "DEFAULT_RETRY_WITH_THROTTLING_COUNTER", hurried)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(list(running.beam_args)))
    running.faults.clear()
    running.faults.plan("bucket", 99, status=503)
    path = f"{running.scheme}://bucket/big"
    with pytest.raises(DataError, match=rf"can't read '{path}': .*503"):
        read_range(path, 0, 9)
    with pytest.raises(OutputError, match=rf"can't write '{path}': .*(503|SlowDown)"):
        copying.copy(__file__, path)


def test_a_run_is_published_with_its_marks_last(server: Server) -> None:
    """The manifest and then `_SUCCESS` come after everything else; the work folder is gone; a finished run is kept or replaced whole."""
    output = f"{server.scheme}://bucket/deep/run"
    _publish(output, "first")
    assert server.names("bucket", "deep") == [f"deep/run/{name}" for name in ("_SUCCESS", "first", "manifest.json")]
    with pytest.raises(OutputError, match="holds a finished run"):
        _publish(output, "second")
    server.faults.clear()
    _publish(output, "second", overwrite=True)
    assert server.names("bucket", "deep") == [f"deep/run/{name}" for name in ("_SUCCESS", "manifest.json", "second")]
    written = [asked.target for asked in server.faults.asked if asked.method in {"PUT", "POST"}]
    places = [max(index for index, target in enumerate(written) if name in target) for name in ("second", "manifest")]
    assert places == sorted(places)
    files.remove(output)


def _publish(output: str, name: str, *, overwrite: bool = False) -> None:
    with work_folder(output, overwrite=overwrite) as work:
        for each in (name, "manifest.json"):
            with files.create(files.join(work, each)) as stream:
                stream.write(FINISHED)
        publish(work, output, overwrite=overwrite)


def test_one_of_several_makes_a_new_object(server: Server) -> None:
    """Of those who make an object that isn't there one does, even where its answer is an error at first; the others change nothing."""
    path = f"{server.scheme}://bucket/new"
    server.faults.plan(_WRITES, 1, status=503)
    assert files.create_new(path, b"first")
    assert not files.create_new(path, b"second")
    assert server.content("bucket", "new") == b"first"
    files.remove(path)


def test_a_server_without_conditions_makes_the_object_all_the_same(server: Server) -> None:
    """Some that speak S3's protocol refuse a condition, since they know none: there runs aren't told apart, but published."""
    if server.scheme != "s3":
        pytest.skip("every server of Google's protocol knows conditions")
    server.faults.plan("^PUT .*/plain", 1, status=501)
    assert files.create_new("s3://bucket/plain", b"x")
    assert server.content("bucket", "plain") == b"x"
    files.remove("s3://bucket/plain")


@pytest.mark.parametrize("overwrite", [False, True])
def test_of_two_runs_at_one_moment_one_is_published(
    server: Server, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    """A run that ends while another is being copied to its output is refused, and the other is whole; a later one is told as ever."""
    output = f"{server.scheme}://bucket/both/run"
    if overwrite:
        _publish(output, "old")
    copy = publish_module._copy
    refused = []

    def overtaken(work: str, to: str, paths: Sequence[str]) -> None:
        with pytest.raises(
            OutputError, match=rf"another run is being published to '{output}': process \d+ on"
        ) as raised:
            publish(second, to, overwrite=overwrite)
        refused.append(raised)
        copy(work, to, paths)

    with work_folder(output, overwrite=overwrite) as second:
        with files.create(f"{second}/manifest.json") as stream:
            stream.write(FINISHED)
        monkeypatch.setattr(publish_module, "_copy", overtaken)
        _publish(output, "first", overwrite=overwrite)
        assert server.names("bucket", "both/run/") == [
            f"both/run/{name}" for name in ("_SUCCESS", "first", "manifest.json")
        ]
    assert len(refused) == 1
    assert not any(".publishing" in name for name in server.names("bucket", "both/"))
    files.remove(output)


@pytest.mark.parametrize(("host", "pid"), [("elsewhere", 1), (machine(), os.getppid())])
def test_a_claim_of_a_run_that_may_be_alive_is_respected(server: Server, host: str, pid: int) -> None:
    """Another machine's, and a live process's, is told before any work is done, with its age and the way on."""
    output = f"{server.scheme}://bucket/claimed/run"
    claim = {"work": f"{output}.incomplete-x-1-0123abcd", "host": host, "pid": pid, "since": time.time()}
    server.put("bucket", "claimed/run.publishing", json.dumps(claim).encode())
    message = rf"process {pid} on {host}, since 20.* UTC, from .*; if that run was killed, remove '{output}.publishing'"
    for look in (check_output_folder, _begin):
        with pytest.raises(OutputError, match=message):
            look(output, overwrite=True)
    files.remove(f"{output}.publishing")
    _publish(output, "first")
    files.remove(output)


def _begin(output: str, *, overwrite: bool) -> None:
    with work_folder(output, overwrite=overwrite):
        pass


@pytest.mark.parametrize("done", [False, True])
def test_what_a_run_left_that_was_killed_while_it_was_published_goes(server: Server, done: bool) -> None:
    """The next run on the machine removes its claim and its files in both places; one that was whole stays, and nothing else is touched."""
    output = f"{server.scheme}://bucket/killed/run"
    work = f"{output}.incomplete-{machine()}-{2**22 + 1}-0123abcd"
    facts = {"work": work, "host": machine(), "pid": 2**22 + 1, "since": time.time()}
    server.put("bucket", "killed/run.publishing", json.dumps(facts).encode())
    for name in ("shard", "manifest.json"):
        server.put("bucket", f"{work.removeprefix(f'{server.scheme}://bucket/')}/{name}", FINISHED)
    for name in ("shard", "manifest.json", "_SUCCESS") if done else ("shard",):
        server.put("bucket", f"killed/run/{name}", FINISHED)
    if done:
        check_output_folder(output, overwrite=True)
    _publish(output, "new", overwrite=done)
    assert server.names("bucket", "killed/") == [f"killed/run/{name}" for name in ("_SUCCESS", "manifest.json", "new")]
    files.remove(output)


def test_a_claim_that_names_anything_else_removes_nothing(server: Server) -> None:
    """A claim is anybody's file: one that names another folder than one to work in for the output isn't acted on."""
    output = f"{server.scheme}://bucket/stranger/run"
    server.put("bucket", "precious/a", b"x")
    facts = {"work": f"{server.scheme}://bucket/precious", "host": machine(), "pid": 2**22 + 1, "since": 0}
    far = json.dumps({**facts, "since": 1e300}).encode()
    for content in (json.dumps(facts).encode(), b"", b"[]", b'{"work": 1}', b"\xff", far, b"[" * 60000):
        server.put("bucket", "stranger/run.publishing", content)
        with pytest.raises(OutputError, match=rf"another run is being published to .*remove '{output}.publishing'"):
            _begin(output, overwrite=True)
    assert server.content("bucket", "precious/a") == b"x"
    for path in ("stranger", "precious"):
        files.remove(f"{server.scheme}://bucket/{path}")


def test_a_run_that_cannot_be_published_leaves_nothing(server: Server) -> None:
    """When copying fails, neither the output nor the work folder is there."""
    copies = "^POST .*copyTo.*run/first|^PUT /bucket/run/first"
    server.faults.plan(copies, 1, status=403)
    with pytest.raises(OutputError, match=r"can't write '.*run/first'"):
        _publish(f"{server.scheme}://bucket/run", "first")
    assert server.faults.hit
    assert server.names("bucket") == ["big"]


def test_attempts_at_publishing_leave_each_others_copies(server: Server) -> None:
    """Of two attempts the second removes what isn't part of the run, but nothing that the first has copied, not even where it fails."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "tried"))
    for path in (
        f"{work}/first",
        f"{work}/second",
        f"{work}/manifest.json",
        f"{output}/first",
        f"{output}/of-an-old-run",
    ):
        files.create(path).close()
    copies = "^POST .*copyTo.*tried/second|^PUT /bucket/tried/second"
    server.faults.plan(copies, 1, status=403)
    with pytest.raises(OutputError, match=r"can't write '.*tried/second'"):
        publish(work, output, overwrite=True, alone=False)
    assert server.names("bucket", "tried") == ["tried/first"]
    for path in (work, output):
        files.remove(path)


@pytest.mark.parametrize(("fails", "left"), [("second", ["first"]), ("manifest.json", ["first", "second"])])
def test_a_templates_attempt_that_fails_takes_nothing_away(server: Server, fails: str, left: list[str]) -> None:
    """An attempt of a template's job at publishing leaves what another one has copied; without its manifest a run looks unfinished."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "tried"))
    server.put("bucket", "work/manifest.json", b'{"rows": {"rejected": 1}}')
    for path in (f"{work}/first", f"{work}/second", f"{output}/first", f"{output}/_SUCCESS"):
        files.create(path).close()
    server.faults.plan(f"^POST .*copyTo.*tried/{fails}|^PUT /bucket/tried/{fails}", 1, status=403)
    with pytest.raises(OutputError, match=rf"can't write '.*tried/{fails}'"):
        publish_stage._publish(None, work, output, "dataflow")
    assert server.names("bucket", "tried") == [f"tried/{name}" for name in left]
    assert server.names("bucket", "work") == ["work/first", "work/manifest.json", "work/second"]
    for path in (work, output):
        files.remove(path)


def test_an_object_that_may_not_be_removed_is_named(server: Server) -> None:
    """The store takes requests to remove several objects at a time, and says of each whether it did."""
    path = f"{server.scheme}://bucket/locked"
    server.put("bucket", "locked", b"x")
    server.lock("bucket", "locked")
    try:
        with pytest.raises(OSError, match=r"can't remove '.*locked': (Access Denied|the server answers 403)"):
            files.remove(path)
    finally:
        server.unlock("bucket")
    files.remove(path)
    assert server.names("bucket") == ["big"]


def test_an_error_in_a_run_is_the_one_that_is_told(server: Server) -> None:
    """Where what a failed run has written can't be removed either, the user reads why it failed."""
    folder = f"{server.scheme}://bucket/run"

    def fail() -> None:
        with work_folder(folder, overwrite=False) as work:
            server.put("bucket", f"{work.partition('bucket/')[2]}/shard", b"x")
            server.faults.plan("^GET .*bucket.*prefix=", 1, status=403)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert server.faults.hit
    for name in server.names("bucket", "run"):
        files.remove(f"{server.scheme}://bucket/{name}")


def test_an_object_that_shows_an_empty_folder_is_none(server: Server) -> None:
    """What some tools make of an empty folder doesn't stand in a run's way; a file in that folder does."""
    folder = f"{server.scheme}://bucket/empty"
    server.put("bucket", "empty/", b"")
    assert not files.exists(folder)
    server.put("bucket", "empty/a", b"x")
    assert files.exists(folder)
    files.remove(folder)
    assert server.names("bucket") == ["big"]


def test_an_upload_that_cannot_be_ended_is_given_up(server: Server) -> None:
    """When the store refuses the last request nothing is there, and no part of it is kept, which would cost money unseen."""
    server.faults.plan("^POST .*uploadId=|^PUT .*upload_id=", 1, status=403)
    path = f"{server.scheme}://bucket/refused"
    with pytest.raises(OutputError, match=rf"can't write '{path}': .*(403|AccessDenied)"):
        _write_large(path)
    assert server.faults.hit
    assert server.names("bucket") == ["big"]
    if isinstance(server, s3.S3):
        # One whose beginning was never answered, in another test, can't be given up.
        uploads = server.client.list_multipart_uploads(Bucket="bucket").get("Uploads", ())
        assert "refused" not in [upload["Key"] for upload in uploads]


def _write_large(path: str) -> None:
    with files.created(path) as stream:
        stream.write(BIG)


def test_what_is_marked_as_gzip_is_read_as_it_is_stored(server: Server) -> None:
    """`gcloud storage cp --gzip-local` marks objects so; ranges are those of the stored bytes."""
    if not isinstance(server, gcs.Gcs):
        pytest.skip("Google's alone")
    packed = gzip.compress(b"x,y\n1,2\n")
    server.put("bucket", "a.csv", packed)
    server.objects.gzipped.add(("bucket", "a.csv"))
    assert read_range("gs://bucket/a.csv", 0, 99) == packed
    files.remove("gs://bucket/a.csv")


def test_a_very_large_object_has_few_parts(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """S3 takes 10,000 parts of an object: after the first thousand they become larger."""
    if not isinstance(running, s3.S3):
        pytest.skip("S3's alone")
    monkeypatch.setattr(s3_store, "_PART_BYTES", 5 << 20)
    monkeypatch.setattr(s3_store, "_PARTS_OF_A_SIZE", 1)
    with files.create("s3://bucket/large") as stream:
        for start in range(0, len(BIG), 1 << 20):
            stream.write(BIG[start : start + (1 << 20)])
    assert running.content("bucket", "large") == BIG
    assert running.client.head_object(Bucket="bucket", Key="large")["ETag"].endswith('-3"')
    files.remove("s3://bucket/large")


def test_s3_is_asked_as_beams_options_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint, region, keys and how the connection is secured, as Beam's own client takes them; what fails is tried again."""
    options = [
        "--s3_region_name=eu-north-1",
        "--s3_access_key_id=ME",
        "--s3_secret_access_key=x",
        "--s3_session_token=T",
        "--s3_verify=/some/ca.pem",
    ]
    client = _s3_client(options, monkeypatch)
    assert client.meta.region_name == "eu-north-1"
    assert client.meta.endpoint_url.startswith("https://")
    assert client._endpoint.http_session._verify == "/some/ca.pem"
    assert client.meta.config.retries == {"mode": "standard", "total_max_attempts": 8}
    url = client.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "a"})
    assert "X-Amz-Credential=ME%2F" in url
    assert "X-Amz-Security-Token=T" in url
    insecure = _s3_client([*options, "--s3_disable_ssl"], monkeypatch)
    assert insecure.meta.endpoint_url.startswith("http://")
    assert _s3_client([*options, "--s3_endpoint_url=https://x:1"], monkeypatch).meta.endpoint_url == "https://x:1"


def _s3_client(options: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Amazon's client, as it is made for some options of Beam's."""
    monkeypatch.delenv("AWS_MAX_ATTEMPTS", raising=False)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions(options))
    monkeypatch.setattr(s3_store, "check_contact", lambda path, url: None)
    store = store_of("s3://bucket/a")
    assert isinstance(store, s3_store.S3Store)
    return store._client


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_path_without_a_bucket_is_named(scheme: str) -> None:
    """A bucket that was forgotten is a mistake in the path, not in the store."""
    with pytest.raises(ConfigError, match=rf"'{scheme}:///a\.csv' names no bucket; expected {scheme}://BUCKET/"):
        input_files.list_files({None: (f"{scheme}:///a.csv",)})


@pytest.mark.parametrize("end", ["", "/"])
def test_a_bucket_is_no_output_folder(server: Server, end: str) -> None:
    """Beside a bucket nothing can be written; as an input it names no file."""
    bucket = f"{server.scheme}://bucket{end}"
    with pytest.raises(OutputError, match="is a whole bucket; name a folder in it"):
        _publish(bucket, "first")
    with pytest.raises(DataError, match="no file matches"):
        input_files.list_files({None: (bucket,)})


def test_another_attempt_may_have_published_meanwhile(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two attempts the slower one finds the work folder going away, and leaves what the faster one has published as it is."""
    work, output = (f"{server.scheme}://bucket/{name}" for name in ("work", "late"))
    with files.create(f"{work}/manifest.json") as stream:
        stream.write(FINISHED)
    files.create(f"{work}/first").close()
    copy = copying.copy

    def overtaken(source: str, target: str) -> None:
        monkeypatch.setattr(copying, "copy", copy)
        publish(work, output, overwrite=True, alone=False)
        files.remove(work)
        copy(source, target)

    monkeypatch.setattr(copying, "copy", overtaken)
    publish(work, output, overwrite=True, alone=False)
    published = [f"late/{name}" for name in ("_SUCCESS", "first", "manifest.json")]
    assert server.names("bucket", "late") == published
    publish(work, output, overwrite=True, alone=False)
    assert server.names("bucket", "late") == published
    files.remove(output)
    with pytest.raises(OutputError, match=r"has no manifest.json, so another attempt has removed it"):
        publish(work, output, overwrite=True, alone=False)


def test_nothing_appears_in_a_discarded_folder(server: Server) -> None:
    """What threads of an interrupted engine are uploading is given up, its parts too, and they can begin nothing new."""
    folder = f"{server.scheme}://bucket/discarded"
    files.create(f"{folder}/done").close()
    half = files.create(f"{folder}/half")
    half.write(bytes(20 << 20))
    small = files.create(f"{folder}/small")
    small.write(b"few bytes")
    files.discard(folder)
    half.close()
    with pytest.raises(OSError, match="the upload was given up"):
        small.write(bytes(20 << 20))
    for make in (files.create, files.make_folder):
        with pytest.raises(OSError, match="the work was given up"):
            make(f"{folder}/new")
    assert server.names("bucket") == ["big"]
    if isinstance(server, s3.S3):
        assert "Uploads" not in server.client.list_multipart_uploads(Bucket="bucket", Prefix="discarded")


def test_an_upload_that_is_given_up_while_it_begins_leaves_no_part(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another thread may give it up between the request that begins it and the first part."""
    if not isinstance(server, s3.S3):
        pytest.skip("S3's alone")
    stream = files.create("s3://bucket/begun")
    assert isinstance(stream, Upload)
    assert isinstance(stream._writer, s3_store._S3Writer)
    client = stream._writer._client
    begin = client.create_multipart_upload

    def begun_and_given_up(**place: str) -> Any:
        found = begin(**place)
        stream.abandon()
        return found

    monkeypatch.setattr(client, "create_multipart_upload", begun_and_given_up)
    with pytest.raises(OSError, match="the upload was given up"):
        stream.write(bytes(20 << 20))
    assert "Uploads" not in server.client.list_multipart_uploads(Bucket="bucket", Prefix="begun")


def test_only_a_finished_run_is_read(server: Server) -> None:
    """A run without `_SUCCESS`, as while it is copied, is none for readers; nor is it overwritten."""
    folder = f"{server.scheme}://bucket/half"
    server.put("bucket", "half/manifest.json", b"{}")
    with pytest.raises(DataError, match="isn't a finished run: it has no _SUCCESS"):
        FinishedRun.load(folder)
    with pytest.raises(OutputError, match="exists and isn't a finished run"), work_folder(folder, overwrite=True):
        pass
    files.remove(folder)


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says which extra brings it."""
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    with pytest.raises(ConfigError, match=r"isn't installed .*: .* -m pip install .*\[s3\]"):
        input_files.list_files({None: ("s3://bucket/a",)})


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "http://", ""])
def test_an_endpoint_that_is_no_url_is_named(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Given by the option or by the environment: the message names both, and says what is expected."""
    message = (
        r"--s3_endpoint_url, or AWS_ENDPOINT_URL_S3 in the environment: expected a URL such as http://HOST:PORT, received "
        rf"'{re.escape(url)}'"
    )
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([f"--s3_endpoint_url={url}"]))
    with pytest.raises(ConfigError, match=message):
        input_files.list_files({None: ("s3://bucket/a",)})
    if url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
        with pytest.raises(ConfigError, match=message):
            input_files.list_files({None: ("s3://bucket/a",)})


@pytest.mark.parametrize("given", ["abc", "0", "-1", "1.5", ""])
def test_a_wrong_number_of_attempts_is_named(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """The variable, what is expected and what it is."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", given)
    monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([]))
    message = f"AWS_MAX_ATTEMPTS in the environment: expected a number from 1, received '{given}'"
    with pytest.raises(ConfigError, match=message):
        input_files.list_files({None: ("s3://bucket/a",)})


def test_an_endpoints_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the client says of an endpoint is shown without user and password, whether the URL is one or not."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    for url, kind, shown in (
        ("http://me:SES?@ME@127.0.0.1:1", DataError, "http://...@127.0.0.1:1"),
        ("s://me:SESAME@", ConfigError, "received 's://...@'"),
    ):
        monkeypatch.setattr(FileSystems, "_pipeline_options", PipelineOptions([f"--s3_endpoint_url={url}"]))
        with pytest.raises(kind, match=re.escape(shown)) as raised:
            input_files.list_files({None: ("s3://bucket/a",)})
        # With all causes, as a worker sends it to an engine that logs it.
        assert not re.search("SES|@ME@", "".join(traceback.format_exception(raised.value)))
        assert not re.search("me:|ME", str(raised.value))
    assert without_users("s3://bucket/a@b http://h/c@d") == "s3://bucket/a@b http://h/c@d"


def test_the_options_of_the_docs_are_known() -> None:
    """Each option that docs/object-stores.md names is one of Beam's or of the command line's."""
    page = ROOT / "docs" / "object-stores.md"
    if not page.exists():
        pytest.skip("the tests run apart from the repository")
    options = set(re.findall(r"(--[a-z0-9_]+)", page.read_text(encoding="utf-8")))
    own = {"--set", "--output", "--input", "--overwrite", "--code"}
    assert {"--s3_endpoint_url", "--hdfs_host", "--impersonate_service_account"} < options
    flags = {"--hdfs_full_urls"}
    check_beam_args([name if name in flags else f"{name}=1" for name in sorted(options - own)])
