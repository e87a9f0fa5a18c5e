"""Writes pages, and spares files that aren't pages."""

from pathlib import Path

from shardmill.schemas.errors import OutputError
from shardmill.transforms.files import files

# Each page has it near its beginning, in an element of which no text of the data is a part.
_MARK = b'<meta name="generator" content="shardmill">'
_BEGINNING = 4096


def check_page(path: str, *, overwrite: bool) -> None:
    """Checks that a page may be written to a path.

    A page that is there may be replaced, another file only where the user says so.

    Args:
        path: The file.
        overwrite: Whether any file may be replaced.

    Raises:
        OutputError: Something else is there, or there is no such folder.
    """
    if files.is_local(path) and not Path(path).parent.is_dir():
        raise OutputError(
            f"--output: expected a file in a folder that exists, received {path!r}; make the folder, or choose another"
        )
    if overwrite:
        return
    with files.writing(path):
        if not files.exists(path):
            return
        with files.opened(path) as stream:
            found = stream.read(_BEGINNING)
    if _MARK not in found:
        raise OutputError(
            f"--output: expected a new file or a page of shardmill, received {path!r}, which is neither; choose another file, "
            "or add --overwrite"
        )


def save_page(page: str, path: str) -> None:
    """Writes a page.

    Args:
        page: The page.
        path: The file.

    Raises:
        OutputError: It can't be written.
    """
    with files.created(path) as stream:
        stream.write(page.encode())
