"""Object stores whose servers fail, refuse, or are gone: what passes is tried again, the rest is one message."""

from typing import Any

import pytest
from apache_beam.io.filesystems import FileSystems
from apache_beam.options.pipeline_options import PipelineOptions

from shardmill.pipelines.job import input_files
from shardmill.pipelines.run_folder.work_folder import work_folder
from shardmill.schemas.errors import DataError, OutputError
from shardmill.transforms.files import copying, files
from shardmill.transforms.stores import s3_store
from shardmill.transforms.stores.uploads import Upload
from tests.support.stores import s3
from tests.support.stores.reading import read_range
from tests.support.stores.running import BIG, Server

# What answers hold an object's bytes.
_READS = r"^GET .*(/download/.*|/bucket/)big"
_WRITES = r"^(PUT|POST) .*(/upload/|/bucket/)"


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
