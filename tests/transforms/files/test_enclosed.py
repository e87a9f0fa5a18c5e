"""Of a folder that may be a stranger's only its own files are read."""

import os
import socket
from pathlib import Path

import pytest

from shardmill.schemas.errors import DataError
from shardmill.transforms.files import enclosed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, and with what leads out of it or never ends; beside it a secret."""
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("secret")
    made = tmp_path / "run"
    (made / "inner").mkdir(parents=True)
    (made / "inner" / "file").write_bytes(b"content")
    (made / "link").symlink_to(tmp_path / "secret")
    (made / "linked").symlink_to(tmp_path / "elsewhere")
    (made / "dangling").symlink_to(tmp_path / "nothing")
    (made / "own").symlink_to("inner/file")
    os.mkfifo(made / "fifo")
    return made


def test_a_file_is_read(folder: Path, tmp_path: Path) -> None:
    """By a path in the folder, which may be a link itself; its checksum is that of its bytes."""
    (tmp_path / "latest").symlink_to(folder)
    for place in (folder, tmp_path / "latest", f"{folder}/"):
        assert enclosed.read(str(place), "inner/file") == b"content"
    assert enclosed.digest(str(folder), "inner/file") == (
        7,
        "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73",
    )


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("link", "a link"),
        ("own", "a link"),
        ("dangling", "a link"),
        ("linked/file", "a link"),
        ("fifo", "a FIFO"),
        ("inner", "a folder"),
    ],
)
def test_what_is_no_file_of_its_own_is_refused(folder: Path, name: str, kind: str) -> None:
    """Links are never followed, not even inside; a FIFO isn't waited for."""
    with pytest.raises(
        DataError, match=rf"run/{name}': expected a file of the run's own, received {kind}, which isn't"
    ):
        enclosed.read(str(folder), name)


def test_a_socket_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can't be opened at all, which is said of it as of the others."""
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
        with pytest.raises(DataError, match="received a socket"):
            enclosed.read(str(folder), "socket")


def test_a_device_is_refused() -> None:
    """One that never ends, too."""
    with pytest.raises(DataError, match="'/dev/zero': expected a file of the run's own, received a device"):
        enclosed.read("/dev", "zero")


def test_what_is_not_there_is_named(folder: Path) -> None:
    """With its whole path, as is a part of a path that is a file."""
    for name in ("inner/absent", "absent/file", "inner/file/file"):
        with pytest.raises(DataError, match=rf"can't read '{folder}/{name}': "):
            enclosed.read(str(folder), name)
    with pytest.raises(FileNotFoundError) as raised:
        enclosed.open_file(str(folder), "inner/absent")
    assert raised.value.filename == f"{folder}/inner/absent"


def test_what_is_too_large_is_refused(folder: Path) -> None:
    """A file that is read whole has a bound, however large it says that it is."""
    with (folder / "sparse").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(DataError, match=r"sparse': expected at most 268,435,456 bytes, received more"):
        enclosed.read(str(folder), "sparse")
