"""Files of object stores, against servers of their protocols: listed, read in ranges, written, copied, removed."""

import gzip
import os
from pathlib import Path

import pytest

from shardmill.pipelines.job import input_files
from shardmill.schemas.errors import ConfigError, DataError
from shardmill.transforms.files import copying, files
from shardmill.transforms.statistics import token_files
from shardmill.transforms.stores import s3_store
from tests.support.stores import gcs, s3
from tests.support.stores.reading import read_range
from tests.support.stores.running import BIG, Server
from tests.transforms.statistics.token_tables import table_of


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


def test_a_section_of_token_counts_takes_one_request(server: Server) -> None:
    """The store isn't asked for the file's size, which is known to be enough; one that is too short, or gone, is named."""
    folder = f"{server.scheme}://bucket/tokens"
    with token_files.TokenWriter(folder) as writer:
        run = writer.write_run(table_of({b"%09d" % token: 1 for token in range(20_000)}))
    server.faults.clear()
    assert run.share(run.bits, 1).read(run.bits, 1).num_rows
    (asked,) = server.faults.asked
    first, last = run.sections.edges[1:3]
    assert asked.range == f"bytes={first}-{last - 1}"
    (name,) = (name for name in server.names("bucket") if name.startswith("tokens/"))
    server.put("bucket", name, server.content("bucket", name)[: last - 1])
    with pytest.raises(DataError, match=f"can't read '{folder}/tokens-.*: it ends before byte {last:,}"):
        run.share(run.bits, 1).read(run.bits, 1)
    files.remove(folder)
    with pytest.raises(DataError, match=f"can't read '{folder}/tokens-.*(404|NoSuchKey)"):
        run.share(run.bits, 1).read(run.bits, 1)


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


def test_an_object_that_shows_an_empty_folder_is_none(server: Server) -> None:
    """What some tools make of an empty folder doesn't stand in a run's way; a file in that folder does."""
    folder = f"{server.scheme}://bucket/empty"
    server.put("bucket", "empty/", b"")
    assert not files.exists(folder)
    server.put("bucket", "empty/a", b"x")
    assert files.exists(folder)
    files.remove(folder)
    assert server.names("bucket") == ["big"]


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


@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_path_without_a_bucket_is_named(scheme: str) -> None:
    """A bucket that was forgotten is a mistake in the path, not in the store."""
    with pytest.raises(ConfigError, match=rf"'{scheme}:///a\.csv' names no bucket; expected {scheme}://BUCKET/"):
        input_files.list_files({None: (f"{scheme}:///a.csv",)})
