"""Files by path: reading at an offset, writing whole or not at all, and what failures become."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from shardmill.schemas.errors import DataError, OutputError
from shardmill.transforms.files import copying, files
from tests.support.permissions import bound
from tests.support.stores.remote_files import SCHEME


def test_an_opened_file_tells_its_size(tmp_path: Path) -> None:
    """A local file's size is what it is now, though more was written to it after it was opened."""
    (tmp_path / "a").write_bytes(b"0123456789")
    with files.open_at(str(tmp_path / "a"), 3) as stream:
        assert (files.opened_size(stream), stream.read(3)) == (10, b"345")
        (tmp_path / "a").write_bytes(b"0123456789ab")
        assert files.opened_size(stream) == 12


def test_failures_name_the_file_and_the_reason(tmp_path: Path) -> None:
    """What the system says of reading and writing becomes one message with the file."""
    with pytest.raises(DataError, match=r"can't read '.*absent': No such file or directory"):
        copying.digest(str(tmp_path / "absent"))
    with (
        pytest.raises(
            OutputError,
            match=r"can't write 'x': No space left on device; nothing was published: free space, or choose",
        ),
        files.writing("x"),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    with (
        pytest.raises(
            OutputError, match=r"can't write 'x': Denied; nothing was published: see to that, or choose another"
        ),
        files.writing("x"),
    ):
        raise OSError(errno.EACCES, "Denied")


def test_a_full_temporary_folder_is_told_from_a_full_output() -> None:
    """Another output folder wouldn't help there; it does where the output itself is below the temporary folder."""
    with tempfile.TemporaryDirectory(prefix="shardmill-vocabularies-") as folder:
        for path, remedy in (
            (folder, "set TMPDIR, where the worker starts, to a folder on a larger disk"),
            (f"{folder}/carrier", "set TMPDIR, where the worker starts, to a folder on a larger disk"),
            (os.path.join(tempfile.gettempdir(), "shardmill-run", "x"), "choose another output folder"),
        ):
            with pytest.raises(OutputError) as caught, files.writing(path):
                raise OSError(errno.ENOSPC, "No space left on device")
            expected = "No space left on device; nothing was published: free space"
            assert str(caught.value) == f"can't write {path!r}: {expected}, or {remedy}"


def test_failures_while_a_file_is_open_name_it(tmp_path: Path) -> None:
    """An error of the block is one of reading or writing the file, by the name that it has for the user."""
    path = tmp_path / "a"
    with pytest.raises(OutputError, match=rf"can't write '{path}': it ends early"), files.created(str(path)):
        raise OSError("it ends early")
    with (
        pytest.raises(DataError, match="can't read 'theirs': it ends early"),
        files.opened(str(path), name="theirs"),
    ):
        raise OSError("it ends early")
    with pytest.raises(DataError, match=rf"can't read '{path}b': No such file"), files.opened(f"{path}b"):
        pass


def test_a_file_without_permission_is_named(tmp_path: Path) -> None:
    """A file that this user may not read is named with the system's reason."""
    path = tmp_path / "secret.csv"
    path.write_text("x")
    path.chmod(0)
    with bound(), pytest.raises(DataError, match=r"can't read '.*secret\.csv': Permission denied"):
        copying.digest(str(path))


def test_folders_are_copied_and_removed(tmp_path: Path) -> None:
    """A copy has all files of the folder, in their folders; removing what is gone is no error."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    copying.copy_folder(str(tmp_path / "a"), str(tmp_path / "copy"))
    assert (tmp_path / "copy" / "b" / "c").read_text() == "x"
    for _ in range(2):
        files.remove(str(tmp_path / "copy"))
        assert not files.exists(str(tmp_path / "copy"))


@pytest.mark.parametrize("scheme", ["", f"{SCHEME}://"], ids=["local", "remote"])
def test_a_folder_may_end_with_a_slash(tmp_path: Path, scheme: str) -> None:
    """Its copy has the same names, and so has the list of its files."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("x")
    copying.copy_folder(f"{scheme}{tmp_path}/a/", f"{scheme}{tmp_path}/copy/")
    assert (tmp_path / "copy" / "b" / "c").read_text() == "x"
    assert files.walk(f"{scheme}{tmp_path}/a/") == [f"{scheme}{tmp_path}/a/b/c"]


def test_a_folder_is_copied_into_the_target_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object whose name leads out of its folder, as a store may have one, isn't copied to where it leads."""
    monkeypatch.setattr(files, "walk", lambda folder: [f"{folder}/a/../../../escaped"])
    with pytest.raises(
        DataError, match=r"'s3://b/run' holds 'a/\.\./\.\./\.\./escaped', which leads out of the folder"
    ):
        copying.copy_folder("s3://b/run", str(tmp_path / "copy"))
    assert list(tmp_path.iterdir()) == []


def test_a_folders_files_are_listed(tmp_path: Path) -> None:
    """All files below a folder, sorted by path; a folder that isn't there has none."""
    for name in ("b", "a/z", "a/b/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert files.walk(str(tmp_path)) == [f"{tmp_path}/{name}" for name in ("a/b/c", "a/z", "b")]
    assert files.walk(str(tmp_path / "none")) == []


def test_a_files_size_and_digest(tmp_path: Path) -> None:
    """Bytes and SHA-256 are those of the file; what is no file has no size, and can't be read."""
    path = tmp_path / "a"
    path.write_bytes(b"x" * 3_000_000)
    assert files.size(str(path)) == 3_000_000
    assert files.size(f"{SCHEME}://{path}") == 3_000_000
    assert copying.digest(str(path)) == (3_000_000, hashlib.sha256(b"x" * 3_000_000).hexdigest())
    assert files.size(str(tmp_path)) is files.size(str(tmp_path / "none")) is files.size(f"{SCHEME}://{path}s") is None
    with pytest.raises(DataError, match=r"can't read .*none"):
        copying.digest(str(tmp_path / "none"))


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """Until the block ends the old file stands; then the new one does, and the scratch folder is empty."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "a").write_text("old")
    with files.replacing(str(tmp_path / "a"), str(tmp_path / "scratch")) as stream:
        stream.write(b"new")
        stream.flush()
        assert (tmp_path / "a").read_text() == "old"
    assert (tmp_path / "a").read_text() == "new"
    assert list((tmp_path / "scratch").iterdir()) == []


def test_two_attempts_write_two_files(tmp_path: Path) -> None:
    """An attempt that goes on beside its successor doesn't mix with it: the last one that ends well counts."""
    (tmp_path / "scratch").mkdir()
    path, scratch = str(tmp_path / "a"), str(tmp_path / "scratch")
    with files.replacing(path, scratch) as late:
        late.write(b"late")
        with files.replacing(path, scratch) as stream:
            stream.write(b"whole")
        assert (tmp_path / "a").read_text() == "whole"
    assert (tmp_path / "a").read_text() == "late"


@pytest.mark.parametrize("scheme", ["", f"{SCHEME}://"], ids=["local", "remote"])
def test_a_failed_attempt_leaves_nothing(tmp_path: Path, scheme: str) -> None:
    """When the block fails, what stood at the path still does, and nothing else."""
    (tmp_path / "scratch").mkdir()

    def fail() -> None:
        with files.replacing(f"{scheme}{tmp_path}/a", f"{scheme}{tmp_path}/scratch") as stream:
            stream.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [path.name for path in tmp_path.rglob("*")] == ["scratch"]


def test_a_late_attempt_fails(tmp_path: Path) -> None:
    """Once the scratch folder is gone, as after publishing, nothing is written any more, nor what was begun before."""
    path, scratch = str(tmp_path / "a"), tmp_path / "scratch"

    def write(during: Callable[[], None]) -> None:
        with files.replacing(path, str(scratch)) as stream:
            stream.write(b"late")
            during()

    scratch.mkdir()
    for _ in range(2):
        with pytest.raises(OutputError, match=f"can't write '{tmp_path}/a': No such file"):
            write(lambda: files.remove(str(scratch)))
    assert list(tmp_path.iterdir()) == []
